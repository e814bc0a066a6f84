/// Every bound of the server, with its default. Sizes are bytes, counts are plain numbers, waits are `Duration`.
public struct Limits: Equatable, Sendable {
  /// Longest request line accepted; RFC 9112 §3 recommends at least 8,000 octets. Longer: 414.
  public var requestLineBytes = 8_192
  /// Longest header section accepted, request line excluded. Longer: 431 (RFC 9110 §5.4).
  public var headerBytes = 32_768
  /// Most header fields in one request. More: 431.
  public var headerCount = 100
  /// Empty lines tolerated before a request line (RFC 9112 §2.2).
  public var leadingEmptyLines = 4
  /// Chunk extensions and trailers together, in one chunked body. More: 400.
  public var chunkOverheadBytes = 16_384
  /// Bytes read ahead of the request being answered before reading stops.
  public var readAheadBytes = 65_536
  /// Pipelined requests of one connection answered before the other connections get their turn.
  public var pipelineDepth = 32
  /// Bytes of answers the system takes ahead of a peer that does not read.
  public var unsentBytes = 131_072
  /// Requests answered on one connection before it is closed. 0 is unlimited.
  public var requestsPerConnection = 100_000
  /// Open connections in total. More: those that idle longest make room; when none idles, 503 with Retry-After.
  /// 0 is unlimited.
  public var connections = 10_000
  /// Open connections from one client address. More: 503 with Retry-After. 0 is unlimited. A trusted proxy is exempt.
  public var connectionsPerClient = 1_000
  /// Connections being told that there are too many. More: closed without a word.
  public var refusals = 256
  /// From the first byte of a request to the end of its head. Later: 408.
  public var headDeadline: Duration = .seconds(10)
  /// From the end of the head to the end of the body; begins anew when `bytesPerSecond` was kept up that long. Later: 408.
  public var bodyDeadline: Duration = .seconds(30)
  /// Between requests on a kept-alive connection.
  public var idleDeadline: Duration = .seconds(75)
  /// For the peer to take its answer; begins anew when `bytesPerSecond` was kept up that long.
  public var writeDeadline: Duration = .seconds(30)
  /// The pace at which a large body must arrive and a large answer must be taken.
  public var bytesPerSecond = 1_024
  /// After our last byte, waiting for the peer to close (RFC 9112 §9.6).
  public var lingerDeadline: Duration = .seconds(2)
  /// Bytes thrown away while lingering. Generous, because a client that is still sending a refused upload otherwise
  /// sees a reset in place of the reason.
  public var lingerBytes = 16 * 1_048_576
  /// How long a stopping server waits for requests under way.
  public var drainDeadline: Duration = .seconds(7)

  public init() {}

  /// What may lie unanswered of one connection: what is read ahead, and at least a whole head.
  var unansweredBytes: Int { max(readAheadBytes, requestLineBytes + headerBytes) }

  func allowsMore(after requests: Int) -> Bool { requestsPerConnection == 0 || requests < requestsPerConnection }
}
