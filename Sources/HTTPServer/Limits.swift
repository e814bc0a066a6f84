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
  /// Chunk-size lines and trailers together, in one chunked body.
  public var chunkOverheadBytes = 16_384
  /// Bytes read ahead of the request being answered before reading stops.
  public var readAheadBytes = 65_536
  /// Requests answered on one connection before it is closed.
  public var requestsPerConnection = 10_000
  /// Open connections in total. More: 503 with Retry-After.
  public var connections = 10_000
  /// Open connections from one client address. More: 503 with Retry-After. 0 is unlimited.
  public var connectionsPerClient = 1_000
  /// From the first byte of a request to the end of its head.
  public var headDeadline: Duration = .seconds(10)
  /// From the end of the head to the end of the body.
  public var bodyDeadline: Duration = .seconds(60)
  /// Between requests on a kept-alive connection.
  public var idleDeadline: Duration = .seconds(75)
  /// Without progress while the peer does not read its answer.
  public var writeDeadline: Duration = .seconds(30)
  /// After our last byte, waiting for the peer to close (RFC 9112 §9.6).
  public var lingerDeadline: Duration = .seconds(2)
  /// How long a stopping server waits for requests under way.
  public var drainDeadline: Duration = .seconds(7)

  public init() {}
}
