/// Why a request is not answered as asked. The domain throws these; one place turns them into statuses and pages.
public enum Refusal: Error, Equatable, Sendable {
  /// Well-formed but invalid input, one problem a field.
  case invalid([FieldProblem])
  /// Of an import that is all or nothing; so many problems more are not listed.
  case invalidLines([LineProblem], omitted: Int)
  /// Input that can't be read at all: broken JSON, broken encoding.
  case unreadable(String)
  /// A body of a kind this address does not take.
  /// A body came in a content coding.
  case unsupportedCoding
  /// What is there is not what the request is conditional on.
  case preconditionFailed
  case unsupportedMediaType(expected: String)
  case notFound(String)
  /// What was at the path `from`, and below it, is at `to` now.
  case moved(from: String, to: String)
  /// A mailed link whose time is over.
  case expired(String)
  case conflict(String)
  case noKey
  case wrongRole(needed: String)
  /// A POST from another site's page.
  case foreignOrigin
  /// The store can't take anything now, a full disk for example.
  case unavailable
  /// As before, but part of what was sent is in already.
  case interrupted(String)
  case tooMany(String, retryAfterSeconds: Int)
}

/// What is wrong with one field: its name in a form or its JSON pointer, and a sentence.
public struct FieldProblem: Error, Equatable, Sendable {
  /// A form field's name, or a JSON pointer (RFC 6901) that starts with a slash.
  public var field: String
  public var detail: String

  public init(_ field: String, _ detail: String) {
    self.field = field
    self.detail = detail
  }
}

/// What is wrong with one line of an import.
public struct LineProblem: Equatable, Encodable, Sendable {
  /// From 1.
  public var line: Int
  /// A JSON pointer (RFC 6901) into the line; empty for the line as a whole.
  public var pointer: String
  public var detail: String
}
