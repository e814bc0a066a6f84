import Foundation
import Synchronization

/// A body that is too large for memory, in a file without a name: it is gone with the last reference to it, however the
/// process ends. Only its owner can read it, even while it had a name.
public final class SpooledBody: Sendable {
  private let descriptor: Int32
  private let length = Atomic<Int>(0)

  /// An empty one.
  /// - Throws: `SystemCallError` when nothing can be written in that folder.
  public init(in folder: String) throws(SystemCallError) {
    var path = Array("\(folder)/.body-XXXXXX".utf8CString)
    descriptor = try checked("mkstemp") { mkstemp(&path) }
    unlink(path)
    // Swift's Glibc has no mkostemp, which would do this at once.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// In bytes.
  public var count: Int { length.load(ordering: .acquiring) }

  /// Writes at the end. Blocks; one writer at a time.
  /// - Throws: `SystemCallError`, when the disk is full for example; then part of it may have been written.
  public func append(_ bytes: [UInt8]) throws(SystemCallError) {
    var written = 0
    while written < bytes.count {
      let offset = off_t(count)
      switch systemCall({
        bytes.withUnsafeBytes {
          pwrite(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written, offset)
        }
      }) {
      case .done(let more) where more > 0:
        written += more
        length.add(more, ordering: .releasing)
      case .done, .wouldBlock: throw SystemCallError(call: "pwrite", code: EIO)
      case .failed(let code): throw SystemCallError(call: "pwrite", code: code)
      }
    }
  }

  /// What stands from `offset` on, at most `maximum` bytes; empty at the end. Blocks.
  public func bytes(from offset: Int, atMost maximum: Int) throws(SystemCallError) -> [UInt8] {
    var result = SystemCallResult.done(0)
    let bytes = [UInt8](unsafeUninitializedCapacity: maximum) { buffer, count in
      result = systemCall { pread(descriptor, buffer.baseAddress, maximum, off_t(offset)) }
      if case .done(let read) = result { count = read }
    }
    guard case .failed(let code) = result else { return bytes }
    throw SystemCallError(call: "pread", code: code)
  }
}

extension Request {
  /// What stands in the body from `offset` on, at most `maximum` bytes, wherever the body is; empty at the end. Blocks
  /// when it is in a file.
  public func bodyBytes(from offset: Int, atMost maximum: Int) throws(SystemCallError) -> [UInt8] {
    if let spooledBody { return try spooledBody.bytes(from: offset, atMost: maximum) }
    return Array(body.dropFirst(offset).prefix(maximum))
  }
}
