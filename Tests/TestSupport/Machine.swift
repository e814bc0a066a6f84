import Foundation
import Synchronization

/// A folder of a test's own, removed when it is let go.
public final class TemporaryFolder: Sendable {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "cd-\(UUID().uuidString.prefix(13))")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  public var path: String { url.path }

  public func file(_ name: String) -> String { url.appending(path: name).path }
}

/// Facts about the machine a test runs on.
public enum Machine {
  /// The project's folder.
  public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A port nobody listens on, and nobody will be given: below the range clients get theirs from, each handed out once.
  public static func freePort() throws -> Int {
    for _ in 0..<1_000 {
      let number = nextPort.withLock { next in
        defer { next += 1 }
        return next
      }
      let port = 12_000 + (Int(getpid()) * 997 + number) % 20_000
      if isFree(port) { return port }
    }
    throw TestFault("no free port")
  }

  private static let nextPort = Mutex(0)

  private static func isFree(_ port: Int) -> Bool {
    // Closed on exec: a program started in this moment would keep the port.
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  public static var isRoot: Bool { geteuid() == 0 }

  /// The path of a program, looked for where Debian keeps them.
  public static func program(_ name: String) -> String? {
    ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/sbin", "/bin"].map { "\($0)/\(name)" }
      .first(where: FileManager.default.isExecutableFile)
  }

  /// Runs a program to its end.
  public static func run(
    _ path: String,
    _ arguments: [String],
    input: [UInt8] = [],
    environment: [String: String]? = nil
  ) async throws -> (status: Int32, output: String, errors: String) {
    try await onThread { try runBlocking(path, arguments, input, environment) }
  }

  private static func runBlocking(
    _ path: String,
    _ arguments: [String],
    _ input: [UInt8],
    _ environment: [String: String]?
  ) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = root
    if let environment { process.environment = environment }
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    try process.run()
    // It may end without reading all; the signal that says so would end the tests. This thread is of this call alone.
    var brokenPipe = sigset_t()
    sigemptyset(&brokenPipe)
    sigaddset(&brokenPipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &brokenPipe, nil)
    try? stdin.fileHandleForWriting.write(contentsOf: Data(input))
    try stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    let errors = stderr.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self), String(decoding: errors, as: UTF8.self))
  }
}

/// Runs what blocks on a thread of its own.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}

extension Machine {
  /// There is time for more than what is run at each change.
  public static var isPatient: Bool { ProcessInfo.processInfo.environment["COUNCIL_DIGEST_DEEP"] != nil }

  /// Seeds of tests that draw what they do.
  public static func seeds(_ few: UInt64, deep many: UInt64) -> ClosedRange<UInt64> { 1...(isPatient ? many : few) }
}

/// Asks again until the answer is there or `seconds` have passed.
public func eventually<Value>(
  within seconds: Double = 30,
  _ what: String,
  _ body: () async throws -> Value?
) async throws -> Value {
  let end = Date().addingTimeInterval(seconds)
  while true {
    if let value = try await body() { return value }
    guard Date() < end else { throw TestFault("did not happen within \(seconds) s: \(what)") }
    try await Task.sleep(for: .milliseconds(20))
  }
}
