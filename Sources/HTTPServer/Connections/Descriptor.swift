import Foundation

/// What a system call on a non-blocking descriptor can end in. `EINTR` is retried here and seen nowhere else.
enum SystemCallResult: Equatable {
  case done(Int)
  case wouldBlock
  case failed(errno: Int32)
}

/// A system call that failed, with what was tried.
public struct SystemCallError: Error, CustomStringConvertible, Equatable, Sendable {
  public var call: String
  public var code: Int32

  public var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// The one door to system calls that may be interrupted or would block.
func systemCall(_ body: () -> Int) -> SystemCallResult {
  while true {
    let result = body()
    guard result < 0 else { return .done(result) }
    switch errno {
    case EINTR: continue
    case EAGAIN, EWOULDBLOCK: return .wouldBlock
    case let code: return .failed(errno: code)
    }
  }
}

func checked(_ call: String, _ body: () -> Int32) throws(SystemCallError) -> Int32 {
  switch systemCall({ Int(body()) }) {
  case .done(let value): return Int32(value)
  case .wouldBlock: throw SystemCallError(call: call, code: EAGAIN)
  case .failed(let code): throw SystemCallError(call: call, code: code)
  }
}

/// Never blocks and is not inherited by programs that are started. The Glibc module has no `accept4`.
func setNonBlocking(_ descriptor: Int32) throws(SystemCallError) {
  // A new socket or pipe has no other status flag that could be set here.
  _ = try checked("fcntl") { fcntl(descriptor, F_SETFL, O_NONBLOCK) }
  _ = try checked("fcntl") { fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
}
