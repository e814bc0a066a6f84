/// What a person wants to hear about, read from what they typed.
///
///     query  = part { part }                      all parts must be there: a space means and
///     part   = "-" unit | unit { "OR" unit }      OR binds tighter than the space
///     unit   = word | word* | "phrase" | filter | "(" query ")"
///     filter = council:slug | committee:"name" | person:"name"
///
/// A minus excludes from its group: the whole query when it is outside brackets.
struct TopicQuery: Hashable, Sendable {
  /// Never empty: what only excludes would match nearly everything.
  struct Group: Hashable, Sendable {
    var required: [Clause]
    var excluded: [Clause] = []
  }

  indirect enum Clause: Hashable, Sendable {
    case word(String)
    /// The beginning of a word.
    case prefix(String)
    /// Words in this order and next to each other.
    case phrase([String])
    /// Meetings of the council with this slug.
    case council(String)
    /// Meetings of committees with these words in their name, next to each other.
    case committee([String])
    /// Meetings of attendees with these words in their name, next to each other.
    case person([String])
    /// One of them is enough.
    case any([Clause])
    /// In brackets.
    case group(Group)
  }

  let root: Group

  static let maximumCharacters = 500
  static let maximumTerms = 30
  /// Brackets within brackets.
  static let maximumDepth = 6
  static let minimumPrefixCharacters = 3

  init(_ root: Group) { self.root = root }

  /// - Throws: `QueryProblem`.
  init(parsing text: String) throws(QueryProblem) {
    guard text.count <= Self.maximumCharacters else {
      throw QueryProblem("Shorten this to \(Self.maximumCharacters) characters; it has \(text.count)")
    }
    var parser = try QueryParser(text)
    root = try parser.query()
    let count = root.leaves.count
    guard count <= Self.maximumTerms else {
      throw QueryProblem("Use at most \(Self.maximumTerms) words and phrases; this has \(count)")
    }
    guard description.count <= Self.maximumCharacters else {
      throw QueryProblem("Shorten this to \(Self.maximumCharacters) characters with its quotation marks")
    }
  }

  /// One that was printed and stored.
  /// - Throws: `QueryProblem`.
  init(printed text: String) throws(QueryProblem) {
    var parser = try QueryParser(text)
    root = try parser.query()
  }

  /// A word in capitals stands for itself alone: SEND is not "send".
  static func isInCapitals(_ word: String) -> Bool {
    var letters = 0
    for scalar in word.unicodeScalars where scalar.isLetter {
      guard scalar.isCapital else { return false }
      letters += 1
    }
    return letters >= 2
  }
}

extension TopicQuery.Group {
  /// The words, phrases and filters it is made of, excluded ones too.
  var leaves: [TopicQuery.Clause] { (required + excluded).flatMap(\.leaves) }

  /// Those that a text it matches may have.
  var wantedLeaves: [TopicQuery.Clause] { required.flatMap(\.wantedLeaves) }
}

extension TopicQuery.Clause {
  var leaves: [TopicQuery.Clause] {
    switch self {
    case .any(let clauses): clauses.flatMap(\.leaves)
    case .group(let group): group.leaves
    case .word, .prefix, .phrase, .council, .committee, .person: [self]
    }
  }

  var wantedLeaves: [TopicQuery.Clause] {
    switch self {
    case .any(let clauses): clauses.flatMap(\.wantedLeaves)
    case .group(let group): group.wantedLeaves
    case .word, .prefix, .phrase, .council, .committee, .person: [self]
    }
  }
}

/// Why a text is no query, as a sentence for the person who typed it, and which of its characters it is about.
struct QueryProblem: Error, Equatable, CustomStringConvertible {
  /// What to do about it.
  var advice: String
  /// The offending characters, and how many stand before them; nil when it is about the whole.
  var place: Place?

  struct Place: Equatable, Sendable {
    var text: String
    var offset: Int
  }

  init(_ advice: String, at place: Place? = nil) {
    self.advice = advice
    self.place = place
  }

  var description: String {
    guard let place else { return advice }
    return "At character \(place.offset + 1), “\(place.text)”: \(advice)"
  }
}
