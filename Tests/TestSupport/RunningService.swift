import Foundation
import Mail

/// The built program, serving from a folder of the test's own.
public final class RunningService: @unchecked Sendable {
  // because one test at a time uses it, from its one task.
  public static let key = "journey-key-0123456789"

  public let folder: TemporaryFolder
  public let port: Int
  public let client: HTTPClient
  private var environment: [String: String]
  private var process: ChildProcess?
  private let descriptors: Int?

  /// - Parameters:
  ///   - settings: configuration keys and values.
  ///   - descriptors: how many it may have open; nil is as many as this process.
  ///   - isFirstStart: whether it makes its store itself.
  public init(_ settings: [String: String] = [:], descriptors: Int? = nil, isFirstStart: Bool = false) async throws {
    self.descriptors = descriptors
    folder = try TemporaryFolder()
    port = try Machine.freePort()
    client = HTTPClient(port: port)
    environment = ["PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"]
    let standard = [
      "http.port": "\(port)", "store.path": folder.file("store.sqlite"), "mail.maildir": folder.file("mail"),
      "admin.token": Self.key, "signup.per_network_per_hour": "0",
      "store.migrations": Machine.root.appending(path: "migrations").path,
    ]
    for (name, value) in standard.merging(settings, uniquingKeysWith: { $1 }) {
      environment["COUNCIL_DIGEST_" + name.uppercased().replacing(".", with: "_")] = value
    }
    if !isFirstStart, settings["store.path"] == nil { try MigratedStore.put(at: folder.file("store.sqlite")) }
    try await start()
  }

  deinit { kill() }

  public static var program: URL {
    let tests = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let candidates = [tests, Machine.root.appending(path: ".build/debug")].map { $0.appending(path: "council-digest") }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? candidates[1]
  }

  /// Runs a command of the program against this service's store.
  public func command(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
    try await command(arguments)
  }

  public func command(
    _ arguments: [String],
    input: [UInt8] = []
  ) async throws -> (status: Int32, output: String, errors: String) {
    try await Machine.run(Self.program.path, arguments, input: input, environment: environment)
  }

  /// As a person at a terminal sees it; `script` is the program of that name.
  public func atTerminal(_ script: String, _ arguments: String...) async throws -> String {
    let line = ([Self.program.path] + arguments).joined(separator: " ")
    return try await Machine.run(script, ["-qec", line, "/dev/null"], environment: environment).output
  }

  public func start() async throws {
    let limited = descriptors.map { ["-c", "ulimit -n \($0); exec \"$0\" serve", Self.program.path] }
    let process = try ChildProcess(
      limited == nil ? Self.program.path : "/bin/sh",
      limited ?? ["serve"],
      environment: environment,
      folder: folder.path,
      output: folder.file("log")
    )
    self.process = process
    _ = try await eventually("the service answers") {
      if process.exitStatus != nil { throw TestFault("the service ended: \(self.log)") }
      return try? await client.get("/healthz").status == 200 ? true : nil
    }
  }

  public var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

  /// The numbers of the descriptors it has open.
  public func openDescriptors() throws -> [Int] {
    guard let process else { throw TestFault("the service does not run") }
    return try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.identifier)/fd").compactMap(Int.init)
  }

  /// The most memory it has had resident.
  public func peakMemoryKilobytes() throws -> Int {
    guard let process else { throw TestFault("the service does not run") }
    let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let number = line.split(separator: " ").dropLast().last.flatMap({ Int($0.trimmingCharacters(in: .whitespaces)) })
    else { throw TestFault("no VmHWM in \(status)") }
    return number
  }

  /// SIGKILL: no chance to clean up.
  public func kill() { process?.kill() }

  public func signal(_ signal: Int32) { process?.signal(signal) }

  public func waitForExit() async throws -> Int32 {
    try await eventually("the service ends") { process?.exitStatus }
  }

  // MARK: What an operator and a reader do

  public func api(_ method: String, _ path: String, _ json: Any? = nil) async throws -> HTTPExchange {
    guard let json else {
      return try await client.send(method, "/api/v1" + path, headers: ["Authorization": "Bearer \(Self.key)"])
    }
    return try await client.send(json: json, method, "/api/v1" + path, key: Self.key)
  }

  public func letterFiles() throws -> [URL] {
    let folder = folder.url.appending(path: "mail/new")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.map { folder.appending(path: $0) }
  }

  /// The letters in the Maildir, oldest first.
  public func letters() throws -> [ReceivedLetter] {
    try letterFiles().map { url in
      let written = try FileManager.default.attributesOfItem(atPath: url.path)[.modificationDate] as? Date
      return (written ?? .distantPast, ReceivedLetter(parsing: [UInt8](try Data(contentsOf: url))))
    }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  public func letters(to address: String, _ kind: String) throws -> [ReceivedLetter] {
    try letters().filter { letter in
      letter.first("to")?.lowercased() == address.lowercased()
        && letter.first("message-id")?.hasPrefix("<\(kind).") == true
    }
  }

  public func waitForLetter(to address: String, _ kind: String) async throws -> ReceivedLetter {
    try await eventually("a \(kind) letter to \(address)") { try letters(to: address, kind).last }
  }

  /// Signs up by form and confirms from the letter.
  public func subscribe(_ address: String, to councils: String...) async throws {
    let form = [("email", address)] + councils.map { ("council", $0) }
    let answer = try await client.post(form: form, to: "/subscribe")
    guard answer.status == 303 else { throw TestFault("subscribe answered \(answer.status): \(answer.text)") }
    let path = try Self.path(of: "/confirm/", in: try await waitForLetter(to: address, "confirmation"))
    let confirmed = try await client.post(form: [], to: path)
    guard confirmed.status == 200 else { throw TestFault("confirm answered \(confirmed.status)") }
  }

  /// The path of the first link that contains `part` in a letter's text, alone on its line.
  public static func path(of part: String, in letter: ReceivedLetter) throws -> String {
    for line in letter.text.split(separator: "\n") where line.hasPrefix("http") && line.contains(part) {
      if let url = URL(string: String(line)) { return url.path }
    }
    throw TestFault("no link with \(part) in: \(letter.text)")
  }

  /// Starts this week's run and waits for its end.
  public func runDigest() async throws -> [String: Any] {
    let answer = try await api("POST", "/digest-runs")
    guard let id = try answer.object()["id"] else { throw TestFault("no run: \(answer.status) \(answer.text)") }
    return try await eventually("the run is sent") {
      let run = try await api("GET", "/digest-runs/\(id)").object()
      return run["finished_at"] is String ? run : nil
    }
  }
}
