import Foundation
import HTTPServer
import Mail

/// Reads the fields of a form and collects what is wrong with them, so that a person sees all of it at once.
struct FormInput {
  let form: Form
  private(set) var problems: [FieldProblem] = []

  /// - Throws: `Refusal.unreadable` or `.unsupportedMediaType`.
  init(_ request: Request) throws {
    do {
      form = try Form(body: request)
    } catch {
      switch error {
      case .tooManyFields: throw Refusal.unreadable("The form has more than \(Form.maximumFields) fields")
      case .brokenEncoding(let field): throw Refusal.unreadable("The field “\(field)” is not UTF-8 text")
      case .brokenMultipart(let problem): throw Refusal.unreadable("The multipart form is broken: \(problem)")
      case .unknownMediaType:
        throw Refusal.unsupportedMediaType(expected: "application/x-www-form-urlencoded, multipart/form-data")
      }
    }
  }

  init(form: Form) {
    self.form = form
  }

  mutating func refuse(_ field: String, _ detail: String) {
    problems.append(FieldProblem(field, detail))
  }

  mutating func email(_ field: String) -> EmailAddress? {
    do {
      return try EmailAddress(parsing: form.first(field) ?? "")
    } catch {
      refuse(field, error.description)
      return nil
    }
  }

  /// Free text of several lines: trimmed, line ends as LF.
  mutating func text(_ field: String, maximum: Int, missing: String) -> String? {
    let text = PlainText.normalized(form.first(field) ?? "")
    guard !text.isEmpty else {
      refuse(field, missing)
      return nil
    }
    guard text.count <= maximum else {
      refuse(field, "Shorten this to \(maximum) characters; it has \(text.count)")
      return nil
    }
    guard PlainText.isAllowed(text) else {
      refuse(field, "Remove the control characters")
      return nil
    }
    return text
  }

  func stopIfInvalid() throws {
    guard problems.isEmpty else { throw Refusal.invalid(problems) }
  }
}

/// Text from outside, as it may be kept.
enum PlainText {
  static func normalized(_ text: String) -> String {
    // Looked for in the bytes: character by character it costs more than to parse the JSON around it.
    let lines =
      text.utf8.contains(0x0D) ? text.replacing("\r\n", with: "\n").replacing("\r", with: "\n") : text
    return lines.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// No control characters but line feed and tab: they would break letters, terminals and feeds.
  static func isAllowed(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      // Bidirectional overrides make a text read as what it is not.
      let isHidden =
        (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
        || (0x2066...0x2069).contains(scalar.value)
      return (scalar.value >= 0x20 && !isHidden) || scalar == "\n" || scalar == "\t"
    }
  }

  static func isSingleLine(_ text: String) -> Bool {
    isAllowed(text) && !text.unicodeScalars.contains("\n")
  }
}
