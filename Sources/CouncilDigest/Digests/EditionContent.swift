import Crypto
import Foundation

/// Everything an edition shows, as it is kept until the letters are rendered. Two subscribers share an edition exactly
/// when their contents are equal.
struct EditionContent: Codable, Equatable, Sendable {
  struct Item: Codable, Equatable, Sendable {
    var revision: Int64
    /// Why the reader has it: the names of what they follow that it belongs to.
    var reasons: [String]
  }

  /// What there is to say when a council has no item.
  enum Quiet: Codable, Equatable, Sendable {
    case noMeetings
    /// Meetings took place, and what there is to read about them was announced before or is archive.
    case nothingNew
    /// So many meetings were held and their summaries are still to come.
    case papersPending(Int)
  }

  struct Section: Codable, Equatable, Sendable {
    var council: String
    var shortName: String
    var path: String
    var timeZone: String?
    var items: [Item]
    var quiet: Quiet?
  }

  var week: String
  var density: Subscriber.Density
  /// The names of everything followed, for the footer.
  var follows: [String]
  var sections: [Section]

  var itemCount: Int { sections.reduce(0) { $0 + $1.items.count } }

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  static func key(of encoded: Data) -> Data { Data(SHA256.hash(data: encoded)) }
}
