import Foundation

/// A file system of a few megabytes that can be filled to the last byte. Needs root, who mounts.
public final class SmallDisk: @unchecked Sendable {
  // because one test uses it, from its one task.
  private let folder: TemporaryFolder

  public init(megabytes: Int) async throws {
    folder = try TemporaryFolder()
    guard let mount = Machine.program("mount") else { throw TestFault("mount is not installed") }
    let result = try await Machine.run(mount, ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path])
    guard result.status == 0 else { throw TestFault("mount: \(result.errors)") }
  }

  deinit { umount2(folder.path, Int32(MNT_DETACH)) }

  public func file(_ name: String) -> String { folder.file(name) }

  /// Takes all the room there is.
  public func fill() throws {
    let descriptor = open(file("filler"), O_WRONLY | O_CREAT, 0o600)
    guard descriptor >= 0 else { throw TestFault("the filler can't be made") }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 1, count: 4_096)
    while write(descriptor, block, block.count) > 0 {}
  }

  public func empty() throws { try FileManager.default.removeItem(atPath: file("filler")) }
}
