import Foundation

/// A program a test started. Ends with the test: `kill` and `deinit` are immediate and certain.
public final class ChildProcess: @unchecked Sendable {
  // because `status` is the only mutable thing, and one test at a time asks for it.
  public let identifier: pid_t
  private var status: Int32?

  /// - Parameter output: the file that standard output and standard error are appended to.
  public init(
    _ program: String,
    _ arguments: [String],
    environment: [String: String],
    folder: String,
    output: String = "/dev/null"
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Sockets and pipes of other tests, held by a child, would never end.
    for descriptor in 3..<Int32(4_096) { posix_spawn_file_actions_addclose(&actions, descriptor) }
    let command = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder, program] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var identifier = pid_t()
    let code = posix_spawn(&identifier, "/bin/sh", &actions, nil, &argv, &envp)
    guard code == 0 else { throw TestFault("\(program) can't be started: \(String(cString: strerror(code)))") }
    self.identifier = identifier
  }

  deinit { kill() }

  public func signal(_ signal: Int32) {
    if exitStatus == nil { _ = Foundation.kill(identifier, signal) }
  }

  /// SIGKILL: no chance to clean up.
  public func kill() {
    guard exitStatus == nil else { return }
    _ = Foundation.kill(identifier, SIGKILL)
    var raw: Int32 = 0
    while waitpid(identifier, &raw, 0) < 0, errno == EINTR {}
    status = -1
  }

  /// What it ended with, or nil while it runs; a signal counts as -1.
  public var exitStatus: Int32? {
    if let status { return status }
    var raw: Int32 = 0
    guard waitpid(identifier, &raw, WNOHANG) == identifier else { return nil }
    status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -1
    return status
  }
}
