@preconcurrency import Dispatch

/// Takes the pieces of one body to its file, on a queue of its own: a disk may take its time, and a shard never blocks.
/// One piece at a time is on the way, so a client is read no faster than the disk writes.
///
/// Unchecked because it goes from hand to hand: `body` is touched on the queue while a piece is stored, and by the
/// connection when none is.
final class BodySpool: @unchecked Sendable {
  /// Nil until the first piece is stored.
  private(set) var body: SpooledBody?
  private let folder: String
  private let queue = DispatchQueue(label: "http.spool")

  init(folder: String) {
    self.folder = folder
  }

  /// - Parameter stored: called on the queue, with what went wrong.
  func store(_ piece: [UInt8], _ stored: @escaping @Sendable (SystemCallError?) -> Void) {
    queue.async { @Sendable [self] in
      do throws(SystemCallError) {
        if body == nil { body = try SpooledBody(in: folder) }
        try body?.append(piece)
        stored(nil)
      } catch {
        stored(error)
      }
    }
  }
}
