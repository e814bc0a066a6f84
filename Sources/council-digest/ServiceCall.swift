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
    var description: String {
      "there is no store at \(URL(filePath: path).path), and no service that runs on it; "
        + "store.path says where it is, or go to the folder where the service was started"
    }
  }

  /// - Throws: `NoStore`. To open one would make it.
  func requireStore() throws {
    guard hasStore else { throw NoStore(path: configuration.storePath) }
  }

  private var hasStore: Bool { isServed || FileManager.default.fileExists(atPath: configuration.storePath) }

  /// Whether a service runs on this store.
  var isServed: Bool { ControlSocket(path: ControlSocket.path(besideStoreAt: configuration.storePath)).isServed }

  /// Where calls go: one for a command that makes several, which must not open the store for each.
  enum Way {
    case socket(ControlSocket)
    case store(CouncilDigestService)

    /// - Returns: the answer, whatever its status.
    func call(_ method: String, _ path: String, _ body: [UInt8], type: String) async throws -> ControlSocket.Answer {
      switch self {
      case .socket(let socket): try socket.send(method, path, body: body, type: type)
      case .store(let service): await service.call(method, path, body: body, type: type)
      }
    }

    /// As above, with a body in pieces; an empty one ends it.
    func call(
      _ method: String,
      _ path: String,
      type: String,
      next: () throws -> [UInt8]
    ) async throws -> ControlSocket.Answer {
      switch self {
      case .socket(let socket): try socket.send(method, path, type: type, next: next)
      case .store(let service): try await service.call(method, path, type: type, next: next)
      }
    }
  }

  /// - Parameter makesStore: for commands that a new service is set up with; others have nothing to do without one.
  func way(makesStore: Bool = false) async throws -> Way {
    if makesStore { sayWhetherNew() } else { try requireStore() }
    let socket = ControlSocket(path: ControlSocket.path(besideStoreAt: configuration.storePath))
    if socket.isServed { return .socket(socket) }
    return .store(try await CouncilDigestService(configuration, log: standardLog(configuration, level: .error)))
  }

  func send(
    _ method: String,
    _ path: String,
    _ body: [UInt8] = [],
    type: String = "application/json",
    makesStore: Bool = false
  ) async throws -> ControlSocket.Answer {
    try Self.checked(try await way(makesStore: makesStore).call(method, path, body, type: type))
  }

  /// Who stands in another folder than the service sees at once that this is not its store.
  private func sayWhetherNew() {
    guard !hasStore else { return }
    let path = URL(filePath: configuration.storePath).path
    Terminal.error("there was no store at \(path): it is made now (store.path says where)")
  }

  /// - Throws: `Refused` when it is an error.
  static func checked(_ answer: ControlSocket.Answer) throws -> ControlSocket.Answer {
    guard (200..<300).contains(answer.status) else {
      throw Refused(status: answer.status, description: try sentence(answer))
    }
    return answer
  }

  private static func sentence(_ answer: ControlSocket.Answer) throws -> String {
    let problem = try answer.object()
    let errors = (problem["errors"] as? [[String: Any]] ?? []).compactMap { entry in
      (entry["detail"] as? String).map { detail in
        let pointer = entry["pointer"] as? String ?? ""
        // A person reads it: "name", and "attendees/0/name".
        let field = pointer.hasPrefix("/") ? pointer.dropFirst() : pointer[...]
        return field.isEmpty ? detail : "\(field): \(detail)"
      }
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
