import Foundation
import HTTPServer

/// Reads the members of a JSON object and collects every problem with its JSON pointer (RFC 6901).
struct JSONInput {
  private let members: [String: JSONValue]
  private let pointer: String
  private var read: Set<String> = []
  private(set) var problems: [FieldProblem] = []

  /// - Throws: `Refusal` when the body is not a JSON object.
  init(_ request: Request) throws {
    if let type = request.fields[.contentType] {
      let essence = MediaType(type).essence
      // curl's -d says it sends a form unless told otherwise; what it sends decides.
      guard ["application/json", "application/x-www-form-urlencoded", "application/merge-patch+json"].contains(essence)
      else { throw Refusal.unsupportedMediaType(expected: "application/json") }
    }
    try self.init(JSONValue.parse(request.body))
  }

  init(_ value: JSONValue, at pointer: String = "") throws {
    guard case .object(let members) = value else {
      throw Refusal.invalid([FieldProblem(pointer, "Expected an object, got \(value.kind)")])
    }
    self.members = members
    self.pointer = pointer
  }

  mutating func refuse(_ name: String, _ detail: String) {
    problems.append(FieldProblem("\(pointer)/\(name)", detail))
  }

  /// Whether it is there at all, be it null.
  func has(_ name: String) -> Bool { members[name] != nil }

  mutating func string(
    _ name: String,
    required: Bool = false,
    maximum: Int = 500,
    isMultiline: Bool = false
  ) -> String? {
    guard case .string(let raw)? = value(name, "a string", required) else { return nil }
    let text = PlainText.normalized(raw)
    guard !text.isEmpty else {
      if required { refuse(name, "Required, and may not be empty") }
      return nil
    }
    guard text.utf8.count <= maximum else {
      refuse(name, "At most \(maximum) bytes; this has \(text.utf8.count)")
      return nil
    }
    guard isMultiline ? PlainText.isAllowed(text) : PlainText.isSingleLine(text) else {
      refuse(name, isMultiline ? "May not contain control characters" : "One line without control characters")
      return nil
    }
    return text
  }

  mutating func bool(_ name: String) -> Bool? {
    guard case .bool(let flag)? = value(name, "a boolean", false) else { return nil }
    return flag
  }

  /// An RFC 3339 time, as it was written and as an instant.
  mutating func time(_ name: String, required: Bool = false) -> RFC3339? {
    guard let text = string(name, required: required, maximum: 40) else { return nil }
    guard let time = RFC3339(text) else {
      refuse(name, "Expected a time like 2025-09-30T14:00:00+01:00 (RFC 3339)")
      return nil
    }
    return time
  }

  mutating func link(_ name: String, required: Bool = false) -> String? {
    guard let text = string(name, required: required, maximum: 2_000) else { return nil }
    guard let link = WebLink.check(text) else {
      refuse(name, "Expected an http or https address")
      return nil
    }
    return link
  }

  mutating func slug(_ name: String) -> Slug? {
    guard let text = string(name, required: true) else { return nil }
    guard let slug = Slug(text) else {
      refuse(name, Slug.rule)
      return nil
    }
    return slug
  }

  mutating func slugs(_ name: String, maximum: Int) -> [Slug] {
    guard value(name, "an array", false) != nil else { return [] }
    let texts = strings(name)
    if texts.count > maximum { refuse(name, "At most \(maximum) entries; this has \(texts.count)") }
    return texts.prefix(maximum).enumerated().compactMap { index, text in
      guard let slug = Slug(text) else {
        refuse("\(name)/\(index)", Slug.rule)
        return nil
      }
      return slug
    }
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String,
    _: Choice.Type,
    required: Bool = false
  ) -> Choice? where Choice.RawValue == String {
    guard let text = string(name, required: required) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      refuse(name, "Expected one of: \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    return choice
  }

  /// The objects of an array, each read by `body`; their problems become ours.
  mutating func objects<Element>(
    _ name: String,
    maximum: Int,
    _ body: (inout JSONInput) -> Element?
  ) -> [Element] {
    guard case .array(let values)? = value(name, "an array", false) else { return [] }
    guard values.count <= maximum else {
      refuse(name, "At most \(maximum) entries; this has \(values.count)")
      return []
    }
    var elements: [Element] = []
    for (index, value) in values.enumerated() {
      guard var input = try? JSONInput(value, at: "\(pointer)/\(name)/\(index)") else {
        refuse("\(name)/\(index)", "Expected an object, got \(value.kind)")
        continue
      }
      if let element = body(&input) { elements.append(element) }
      input.refuseUnknown()
      problems += input.problems
    }
    return elements
  }

  /// A string, or an array of strings.
  mutating func strings(_ name: String) -> [String] {
    read.insert(name)
    switch members[name] {
    case nil, .null: return []
    case .string(let text): return [text]
    case .array(let values):
      return values.compactMap { value in
        guard case .string(let text) = value else {
          refuse(name, "Expected strings, got \(value.kind)")
          return nil
        }
        return text
      }
    case .some(let other):
      refuse(name, "Expected a string or an array of strings, got \(other.kind)")
      return []
    }
  }

  /// Members that an answer has and a request may repeat, whatever they say.
  mutating func ignore(_ names: String...) { read.formUnion(names) }

  /// A member that an answer has and a request may repeat, but not contradict.
  /// - Parameter value: what is so, because `source` says so.
  mutating func confirm(_ name: String, is value: String, by source: String) {
    guard let text = string(name, maximum: 2_000), text != value else { return }
    refuse(name, "\(source) says “\(value)”; say the same, or leave this out")
  }

  /// A misspelt member would be lost in silence; it is named instead.
  mutating func refuseUnknown() {
    for name in members.keys.sorted() where !read.contains(name) { refuse(name, "Unknown member") }
  }

  mutating func finish() throws {
    refuseUnknown()
    guard problems.isEmpty else { throw Refusal.invalid(problems) }
  }

  private mutating func value(_ name: String, _ expected: String, _ required: Bool) -> JSONValue? {
    read.insert(name)
    guard let value = members[name], value != .null else {
      if required { refuse(name, "Required") }
      return nil
    }
    let matches =
      switch (value, expected) {
      case (.string, "a string"), (.bool, "a boolean"), (.array, "an array"): true
      default: false
      }
    guard matches else {
      refuse(name, "Expected \(expected), got \(value.kind)")
      return nil
    }
    return value
  }
}
