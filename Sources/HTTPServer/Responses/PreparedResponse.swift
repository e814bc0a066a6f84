import Foundation
import HTTPTypes

/// A 200 that is sent many times: plain and gzip, each with its head as bytes and its own entity tag. Choosing between
/// them, 304 and 412 needs no more than the request's head.
public final class PreparedResponse: Sendable {
  /// The answer it was made from, without coding.
  public let response: Response
  /// The same with gzip.
  private let codedResponse: Response?
  private let plain: Representation
  private let gzip: Representation?
  private let lastModified: Int?

  private struct Representation: Sendable {
    let tag: EntityTag?
    let tagBytes: [UInt8]
    let head: ResponseHead
    let notModified: ResponseHead
    let body: [UInt8]

    init(_ response: Response) {
      tag = response.fields[.eTag].flatMap(EntityTag.init(field:))
      tagBytes = tag.map { Array($0.text.utf8) } ?? []
      head = ResponseHead(response.status, response.fields, bodyBytes: response.body.count)
      notModified = ResponseHead(.notModified, response.notModified.fields, bodyBytes: 0)
      body = response.body
    }
  }

  /// - Parameters:
  ///   - response: a 200 with every field it is to be sent with.
  ///   - gzip: the same body compressed (RFC 1952), where that is worth it and safe.
  public init(_ response: Response, gzip: [UInt8]? = nil) {
    var plain = response
    if gzip != nil {
      plain.fields[.vary] = [plain.fields[.vary], "Accept-Encoding"].compactMap(\.self).joined(separator: ", ")
    }
    self.response = plain
    self.plain = Representation(plain)
    codedResponse = gzip.map { body in
      var coded = plain
      coded.body = body
      coded.fields[.contentEncoding] = "gzip"
      coded.fields[.eTag] = plain.fields[.eTag].flatMap(EntityTag.init(field:))?.coded("gzip").text
      return coded
    }
    self.gzip = codedResponse.map(Representation.init)
    lastModified = response.fields[.lastModified].flatMap { HTTPDate.parse($0, now: time(nil)) }
  }

  /// Bytes of all bodies it holds.
  public var bytes: Int { plain.body.count + (gzip?.body.count ?? 0) }

  /// The answer to `request` in the coding it accepts; its preconditions are not looked at.
  public func response(to request: Request) -> Response {
    guard let codedResponse, let accepted = request.fields[.acceptEncoding], ContentCoding.acceptsGzip(accepted.utf8)
    else { return response }
    return codedResponse
  }

  /// The answer to a GET or HEAD, or nil when the plain way has to word it (412).
  func answer(to head: RequestHead, now: Int) -> Answer? {
    var chosen = plain
    if let gzip, let accepted = head.section.first("accept-encoding"), ContentCoding.acceptsGzip(accepted) {
      chosen = gzip
    }
    guard head.section.hasPrecondition else {
      return Answer(head: chosen.head, body: chosen.body, label: response.label)
    }
    // The usual revalidation, spelled as we spelled the tag.
    if let held = head.section.first("if-none-match"), chosen.tag != nil, held.elementsEqual(chosen.tagBytes),
      head.section.first("if-match") == nil, head.section.first("if-unmodified-since") == nil
    {
      return Answer(head: chosen.notModified, body: [], label: response.label)
    }
    switch Precondition.evaluate(tag: chosen.tag, lastModified: lastModified, now: now, field: head.section.list) {
    case .proceed: return Answer(head: chosen.head, body: chosen.body, label: response.label)
    case .notModified: return Answer(head: chosen.notModified, body: [], label: response.label)
    case .failed: return nil
    }
  }
}

extension HeaderSection {
  /// Whether any field starts like a precondition (RFC 9110 §13.1).
  fileprivate var hasPrecondition: Bool {
    lines.contains { line in
      let name = bytes[Int(line.name.lowerBound)..<Int(line.name.upperBound)]
      return name.count > 5 && name.prefix(3).isASCIIEqual(lowercase: "if-")
    }
  }
}
