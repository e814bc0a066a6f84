import Crypto
import Foundation

/// Everything an edition shows, as it is kept until the letters are rendered. Two subscribers share an edition exactly
/// when their contents are equal.
struct EditionContent: Codable, Equatable, Sendable {
  /// A topic's name, or a reader's own query.
  struct Interest: Codable, Hashable, Sendable {
    var name: String
    /// Not shown where others may read along.
    var isOwnQuery: Bool
    /// Of a topic: what a meeting of it matches.
    var topicQuery: String?

    var query: String? { isOwnQuery ? name : topicQuery }
  }

  struct Match: Codable, Equatable, Sendable {
    var interest: Interest
    var extract: MatchExtract
    /// The words stand in the transcript alone, and the extract is from there; nil is no.
    var isInTranscript: Bool?
  }

  struct Item: Codable, Equatable, Sendable {
    var revision: Int64
    /// Why the reader has it: the names of what they follow that it belongs to.
    var reasons: [String]
    /// And the topics and queries that it matches.
    @Listed var matches: [Match]
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
    /// The revisions of the next fortnight's meetings, soonest first.
    @Listed var upcoming: [Int64]
  }

  var week: String
  var density: Subscriber.Density
  /// The names of everything followed, for the footer.
  var follows: [String]
  var sections: [Section]
  /// Revisions that say what was wrong with a text the reader was sent, in order.
  @Listed var corrections: [Int64]
  /// What the reader follows that no meeting matched.
  @Listed var unmatched: [Interest]

  var itemCount: Int { sections.reduce(0) { $0 + $1.items.count } }

  /// Every revision that is shown.
  var revisions: [Int64] { sections.flatMap { $0.items.map(\.revision) + $0.upcoming } + corrections }

  static func decode(_ json: String) throws -> EditionContent {
    try JSONDecoder().decode(EditionContent.self, from: Data(json.utf8))
  }

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  static func key(of encoded: Data) -> Data { Data(SHA256.hash(data: encoded)) }
}

/// A list that older rows do not have.
@propertyWrapper struct Listed<Element: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  var wrappedValue: [Element]

  init(wrappedValue: [Element]) { self.wrappedValue = wrappedValue }

  init(from decoder: any Decoder) throws { wrappedValue = try [Element](from: decoder) }

  func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

extension KeyedDecodingContainer {
  func decode<Element>(_: Listed<Element>.Type, forKey key: Key) throws -> Listed<Element> {
    try decodeIfPresent(Listed<Element>.self, forKey: key) ?? Listed(wrappedValue: [])
  }
}
