import Foundation
import HTTPTypes
import TestSupport

@testable import HTTPServer

/// A server that answers with what it was asked, on a port of its own.
struct EchoServer {
  let server: Server
  let client: HTTPClient
  /// Finishing it lets the handlers of /held go on.
  let gate: AsyncStream<Void>.Continuation

  static let admitted = 1_000

  init(
    limits: Limits = Limits(),
    bodyBytes: Int = 0,
    shards: Int = 2,
    spoolFolder: String = FileManager.default.temporaryDirectory.path,
    configure: (inout Responder) -> Void = { _ in }
  ) throws {
    let gate = AsyncStream<Void>.makeStream()
    self.gate = gate.continuation
    var responder = Responder { request in
      if request.path == "/slow" { try? await Task.sleep(for: .milliseconds(100)) }
      if request.path == "/held" { for await _ in gate.stream {} }
      return Self.answer(to: request, bodyBytes: bodyBytes)
    }
    responder.admit = { head, _ in
      if head.path == "/spooled" { return .intoFile(upTo: 50_000_000, folder: spoolFolder) }
      if head.path == "/refused" { return .refused(.text(.forbidden, "no")) }
      return .upTo(bytes: head.path == "/large" ? 10_000_000 : Self.admitted)
    }
    configure(&responder)
    server = try Server(limits: limits, shards: shards, responder)
    client = HTTPClient(port: try server.start(on: [.tcp(host: "127.0.0.1", port: 0)])[0])
  }

  private static func answer(to request: Request, bodyBytes: Int) -> Response {
    let spooled = (try? request.spooledBody.map { try $0.bytes(from: 0, atMost: $0.count) }) ?? []
    let echo = outcome(request.method, request.path, request.body + spooled)
    let body = bodyBytes > 0 ? [UInt8](repeating: 0x61, count: bodyBytes) : Array(echo.utf8)
    var response = Response(status: .ok, fields: [.contentType: "text/plain; charset=utf-8"], body: body)
    switch request.path {
    case "/empty": response = Response(status: .noContent)
    case "/odd": response.status = .init(code: 299, reasonPhrase: "")
    case "/etag": response.fields[.eTag] = "\"a\""
    case "/dated": response.fields[.lastModified] = "Sun, 06 Nov 1994 08:49:37 GMT"
    default: break
    }
    if request.path != "/spooled" { response.fields[.echo] = echo }
    response.fields[.authorityEcho] = request.authority
    return response.conditional(on: request, now: 1_800_000_000)
  }

  /// How tests write down a request that was read; ends of lines as "|", so that it fits into a field.
  static func outcome(_ method: HTTPRequest.Method, _ path: String, _ body: [UInt8]) -> String {
    "\(method.rawValue) \(path) [\(String(decoding: body, as: UTF8.self).replacing("\r\n", with: "|"))]"
  }
}

extension HTTPField.Name {
  static let echo = HTTPField.Name("X-Echo") ?? .server
  static let authorityEcho = HTTPField.Name("X-Authority") ?? .server
}
