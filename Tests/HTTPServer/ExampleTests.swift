import Foundation
import HTTPServer
import TestSupport
import Testing

/// The example of the module's documentation, run.
@Suite struct ExampleTests {
  @Test func `the documented server works as it stands there`() async throws {
    // example
    let router = Router([
      Route(.get, "/hello/{name}") { request in .text(.ok, "Hello, \(request.parameter("name"))!") }
    ])
    let server = try Server { request in
      switch router.match(request.method, request.path) {
      case .found(let route, let parameters):
        var request = request
        request.parameters = parameters
        return (try? await route.action(request)) ?? .text(.internalServerError, "Something failed.")
      default: return .text(.notFound, "There is nothing here.")
      }
    }
    let port = try server.start(on: [.tcp(host: "127.0.0.1", port: 0)])[0]
    // end
    let client = HTTPClient(port: port)
    #expect(try await client.get("/hello/W%C3%A9").text == "Hello, Wé!\n")
    #expect(try await client.get("/elsewhere").status == 404)
    await server.drain()

    let page = Machine.root.appending(path: "Sources/HTTPServer/HTTPServer.docc/HTTPServer.md")
    let documented = try String(contentsOf: page, encoding: .utf8).split(separator: "```swift\nimport HTTPServer\n\n")[
      1
    ]
    .split(separator: "\n```")[0]
    let lines = try String(contentsOfFile: #filePath, encoding: .utf8).split(separator: "// example\n")[1]
      .split(separator: "    // end")[0].split(separator: "\n").map { $0.dropFirst(4) }
    #expect(lines.joined(separator: "\n") == documented)
  }
}
