import Foundation
import Synchronization

/// Has every answer in the tests read by an HTTP library that nobody here wrote (h11), see strict_client.py.
public enum StrictClient {
  /// One answer as it understood it. A body is bytes as Latin-1 text.
  public struct Answer: Sendable {
    public var status: Int
    public var fields: [(name: String, value: String)]
    public var body: String

    public func field(_ name: String) -> String? { fields.first { $0.name.lowercased() == name.lowercased() }?.value }
  }

  /// - Parameter methods: of the requests that were answered, in order; there may be fewer answers.
  /// - Throws: `TestFault` with what it has against the answers.
  @discardableResult
  public static func read(_ bytes: [UInt8], methods: [String]) async throws -> [Answer] {
    let question = try JSONSerialization.data(
      withJSONObject: ["methods": methods, "answers": Data(bytes).base64EncodedString()]
    )
    let connection = try await RawConnection(port: onThread { try start() })
    try await connection.write([UInt8](question))
    connection.endWriting()
    let reply = try await connection.readToEnd()
    guard let object = try JSONSerialization.jsonObject(with: Data(reply)) as? [String: Any],
      let answers = object["answers"] as? [[String: Any]]
    else { throw TestFault("the strict client gave no reply") }
    if let error = object["error"] as? String {
      throw TestFault("a strict client objects: \(error)\n\(String(decoding: bytes.prefix(2_000), as: UTF8.self))")
    }
    return answers.map { answer in
      Answer(
        status: answer["status"] as? Int ?? 0,
        fields: (answer["fields"] as? [[String]] ?? []).map { ($0[0], $0[1]) },
        body: answer["body"] as? String ?? ""
      )
    }
  }

  private static let running = Mutex<(process: ChildProcess, port: Int)?>(nil)

  /// One for the whole test run.
  private static func start() throws -> Int {
    try running.withLock { running in
      if let running { return running.port }
      let script = Machine.root.appending(path: "Tests/TestSupport/strict_client.py").path
      let port = try Machine.freePort()
      let process = try ChildProcess("/usr/bin/python3", [script, "\(port)"], environment: [:], folder: "/")
      let end = Date().addingTimeInterval(20)
      while (try? RawConnection(port: port)) == nil {
        guard Date() < end, process.exitStatus == nil else {
          throw TestFault("\(script) does not run; it needs the Debian package python3-h11")
        }
        usleep(20_000)
      }
      running = (process, port)
      return port
    }
  }
}
