import CouncilDigest
import Foundation

/// One call of the API by a command: to the service that runs, over the socket beside its store; or, when none runs,
/// by opening the store itself. The same router answers both.
struct ServiceCall {
  let configuration: Configuration

  init(_ configuration: Configuration) {
    self.configuration = configuration
  }

  /// The call was answered with an error.
  struct Refused: Error, CustomStringConvertible {
    var status: Int
    var description: String
  }

  /// There is no store where the configuration says.
  struct NoStore: Error, CustomStringConvertible {
    var path: String
    var description: String { "there is no store at \(path), and no service that runs on it" }
  }

  /// - Throws: `NoStore`. To open one would make it.
  func requireStore() throws {
    guard isServed || FileManager.default.fileExists(atPath: configuration.storePath) else {
      throw NoStore(path: configuration.storePath)
    }
  }

  /// Whether a service runs on this store.
  var isServed: Bool { ControlSocket(path: ControlSocket.path(besideStoreAt: configuration.storePath)).isServed }

  func send(
    _ method: String,
    _ path: String,
    _ body: [UInt8] = [],
    type: String = "application/json"
  ) async throws -> ControlSocket.Answer {
    let socket = ControlSocket(path: ControlSocket.path(besideStoreAt: configuration.storePath))
    let answer: ControlSocket.Answer
    if socket.isServed {
      answer = try socket.send(method, path, body: body, type: type)
    } else {
      let service = try await CouncilDigestService(configuration, log: standardLog(.error))
      answer = await service.call(method, path, body: body, type: type)
    }
    guard (200..<300).contains(answer.status) else {
      throw Refused(status: answer.status, description: try Self.sentence(answer))
    }
    return answer
  }

  private static func sentence(_ answer: ControlSocket.Answer) throws -> String {
    let problem = try answer.object()
    let errors = (problem["errors"] as? [[String: Any]] ?? []).compactMap { entry in
      (entry["detail"] as? String).map { "\(entry["pointer"] as? String ?? ""): \($0)" }
    }
    let detail = problem["detail"] as? String ?? "status \(answer.status)"
    return errors.isEmpty ? detail : errors.joined(separator: "; ")
  }
}

extension ControlSocket.Answer {
  func object() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
  }
}
