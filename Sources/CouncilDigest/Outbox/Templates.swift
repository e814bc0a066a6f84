import Foundation
import Mustache

/// The Mustache files of one folder, by their path in it without `.mustache`.
public struct Templates: Sendable {
  private let library: MustacheLibrary

  public init(folder: URL) async throws {
    library = try await MustacheLibrary(directory: folder.path)
  }

  /// A template that is not there is a mistake in the program or its installation; it says so by name.
  func render(_ name: String, _ context: Any) throws -> String {
    guard let text = library.render(NamedValues.of(context), withTemplate: name) else {
      throw MissingTemplate(name: name)
    }
    return text
  }
}

struct MissingTemplate: Error, CustomStringConvertible {
  var name: String
  var description: String { "the template \(name).mustache is missing from the resources" }
}
