import HTTPTypes

/// The fields of a form or a query, in order, repeated names kept.
public struct Form: Equatable, Sendable {
  /// Why a form could not be read.
  public enum Problem: Error, Equatable, Sendable {
    case tooManyFields
    case brokenEncoding(field: String)
    case brokenMultipart(String)
    /// The Content-Type is neither urlencoded nor multipart/form-data.
    case unknownMediaType
  }

  public static let maximumFields = 2_000

  public private(set) var fields: [(name: String, value: String)] = []

  public init(_ fields: [(name: String, value: String)] = []) {
    self.fields = fields
  }

  public static func == (left: Form, right: Form) -> Bool {
    left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
  }

  /// The first value of a field, if it was sent.
  public func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  /// Every value of a field, in order.
  public func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
}

extension Form {
  /// A query or an `application/x-www-form-urlencoded` body.
  public init(urlEncoded text: some StringProtocol) throws(Problem) {
    for pair in text.split(separator: "&", omittingEmptySubsequences: true) {
      guard fields.count < Self.maximumFields else { throw .tooManyFields }
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = percentDecoded(parts[0], plusIsSpace: true) else { throw .brokenEncoding(field: "") }
      guard let value = percentDecoded(parts.count > 1 ? parts[1] : "", plusIsSpace: true) else {
        throw .brokenEncoding(field: name)
      }
      fields.append((name, value))
    }
  }

  /// The body of a request, by its Content-Type; an empty body is an empty form.
  public init(body request: Request) throws(Problem) {
    let type = request.fields[.contentType] ?? ""
    switch MediaType(type).essence {
    case "application/x-www-form-urlencoded":
      guard let text = String(validating: request.body, as: UTF8.self) else { throw .brokenEncoding(field: "") }
      try self.init(urlEncoded: text)
    case "multipart/form-data":
      guard let boundary = MediaType(type).parameters["boundary"] else { throw .brokenMultipart("no boundary") }
      self.init(try MultipartForm.fields(in: request.body, boundary: boundary))
    default:
      guard request.body.isEmpty else { throw .unknownMediaType }
      self.init()
    }
  }
}
