import Mustache

/// A view, and the views in it, with their fields by name. Asked for a name, the library goes through all fields of all
/// views around it, by reflection and each time; here each is read once.
struct NamedValues: MustacheParent {
  private let values: [String: Any]

  /// What a template is rendered with: whatever is no plain structure stays what it is.
  static func of(_ value: Any) -> Any { known(value) ?? NamedValues(Mirror(reflecting: value)) }

  func child(named name: String) -> Any? { values[name] }

  private init(_ fields: Mirror) {
    var values: [String: Any] = [:]
    for (name, value) in fields.children {
      guard let name, let value = Self.value(value) else { continue }
      values[name] = value
    }
    self.values = values
  }

  /// The value itself where it is nothing that has fields.
  private static func known(_ value: Any) -> Any? {
    switch value {
    case let text as String: MarkSeparation.separated(text)
    case is Bool, is Int, is any MustacheParent, is any CustomStringConvertible: value
    case is MustacheLambda, is MustacheTemplate, is any MustacheCustomRenderable: value
    default: nil
    }
  }

  /// Without the optional around it; nil where there is none.
  private static func value(_ value: Any) -> Any? {
    // A collection can be written as text too, so it is looked at first.
    if let list = value as? [Any] { return list.map(of) }
    if let known = known(value) { return known }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.flatMap { Self.value($0.value) }
    case .struct: return NamedValues(mirror)
    default: return value
    }
  }
}
