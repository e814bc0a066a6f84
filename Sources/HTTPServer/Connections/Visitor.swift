/// Who connected, and how they were received.
struct Visitor: Sendable {
  var peer: Request.Peer
  /// A proxy of ours, or a process on this machine.
  var isTrusted: Bool
  /// There were too many; the connection is only told so.
  var isRefused: Bool
}
