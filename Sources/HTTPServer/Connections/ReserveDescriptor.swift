import Foundation

/// A descriptor held back for the day there is none left.
struct ReserveDescriptor: ~Copyable {
  private var descriptor: Int32 = -1

  init() { take() }

  deinit { if descriptor >= 0 { close(descriptor) } }

  mutating func take() {
    guard descriptor < 0 else { return }
    descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
  }

  /// - Returns: whether there was one to let go.
  mutating func release() -> Bool {
    guard descriptor >= 0 else { return false }
    close(descriptor)
    descriptor = -1
    return true
  }
}
