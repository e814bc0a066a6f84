/// Puts the pieces of a query's text together. What means the same becomes the same tree: brackets that change nothing
/// are gone, and nothing stands there twice.
struct QueryParser {
  private let text: QueryText
  private let lexemes: [QueryLexeme]
  private var index = 0

  init(_ text: String) throws(QueryProblem) {
    self.text = QueryText(text)
    lexemes = try QueryLexer.lexemes(of: self.text)
  }

  mutating func query() throws(QueryProblem) -> TopicQuery.Group {
    guard !lexemes.isEmpty else { throw QueryProblem("Type a word or a \"phrase\" to look for") }
    let group = try group(depth: 0)
    if let rest = current {
      throw QueryProblem("There is no opening bracket for this one", at: text.place(rest.range))
    }
    return group
  }

  private var current: QueryLexeme? { index < lexemes.count ? lexemes[index] : nil }

  private func isNext(_ kind: QueryLexeme.Kind) -> Bool { current?.kind == kind }

  /// Up to a closing bracket or the end.
  private mutating func group(depth: Int) throws(QueryProblem) -> TopicQuery.Group {
    var group = TopicQuery.Group(required: [])
    var firstMinus: QueryLexeme?
    while let lexeme = current, lexeme.kind != .close {
      if lexeme.kind == .minus {
        firstMinus = firstMinus ?? lexeme
        group.exclude(try exclusion(depth: depth))
      } else {
        group.require(try alternatives(depth: depth))
      }
    }
    guard group.required.isEmpty else { return group }
    if let firstMinus {
      throw QueryProblem("Say what to look for as well: this only excludes", at: text.place(firstMinus.range))
    }
    throw QueryProblem("There is nothing between these brackets", at: text.place(lexemes[max(0, index - 1)].range))
  }

  private mutating func exclusion(depth: Int) throws(QueryProblem) -> TopicQuery.Clause {
    index += 1
    let clause = try unit(depth: depth)
    if let or = current, or.kind == .or {
      throw QueryProblem("To exclude either of two, put them in brackets: -(this OR that)", at: text.place(or.range))
    }
    return clause
  }

  private mutating func alternatives(depth: Int) throws(QueryProblem) -> TopicQuery.Clause {
    var clauses = [try unit(depth: depth)]
    while isNext(.or) {
      index += 1
      if let minus = current, minus.kind == .minus {
        throw QueryProblem(
          "An exclusion can’t be one side of OR; put it outside, after a space",
          at: text.place(minus.range)
        )
      }
      clauses.append(try unit(depth: depth))
    }
    return clauses.count == 1 ? clauses[0] : .any(ofDistinct: clauses)
  }

  private mutating func unit(depth: Int) throws(QueryProblem) -> TopicQuery.Clause {
    guard let lexeme = current else {
      let last = lexemes[lexemes.count - 1]
      throw QueryProblem(Self.missing(after: last.kind), at: text.place(last.range))
    }
    index += 1
    switch lexeme.kind {
    case .word(let word): return .word(word)
    case .prefix(let word): return .prefix(word)
    case .phrase(let words): return .phrase(words)
    case .council(let slug): return .council(slug)
    case .committee(let words): return .committee(words)
    case .person(let words): return .person(words)
    case .open: return try bracketed(from: lexeme, depth: depth + 1)
    case .or: throw QueryProblem("OR needs something to look for on both sides", at: text.place(lexeme.range))
    case .minus, .close:
      throw QueryProblem("Something to look for is missing before this", at: text.place(lexeme.range))
    }
  }

  private static func missing(after kind: QueryLexeme.Kind) -> String {
    kind == .or ? "OR needs something to look for on both sides" : "Something to look for is missing after this"
  }

  private mutating func bracketed(from open: QueryLexeme, depth: Int) throws(QueryProblem) -> TopicQuery.Clause {
    guard depth <= TopicQuery.maximumDepth else {
      throw QueryProblem(
        "Use at most \(TopicQuery.maximumDepth) brackets within each other",
        at: text.place(open.range)
      )
    }
    let group = try group(depth: depth)
    guard isNext(.close) else {
      throw QueryProblem("There is no closing bracket for this one", at: text.place(open.range))
    }
    index += 1
    return group.excluded.isEmpty && group.required.count == 1 ? group.required[0] : .group(group)
  }
}

extension TopicQuery.Group {
  /// A group that is required is no group of its own.
  fileprivate mutating func require(_ clause: TopicQuery.Clause) {
    if case .group(let inner) = clause {
      for clause in inner.required { require(clause) }
      for clause in inner.excluded { exclude(clause) }
    } else if !required.contains(clause) {
      required.append(clause)
    }
  }

  fileprivate mutating func exclude(_ clause: TopicQuery.Clause) {
    if case .any(let clauses) = clause {
      // Neither of two: not the one, and not the other.
      for clause in clauses { exclude(clause) }
    } else if !excluded.contains(clause) {
      excluded.append(clause)
    }
  }
}

extension TopicQuery.Clause {
  fileprivate static func any(ofDistinct clauses: [TopicQuery.Clause]) -> TopicQuery.Clause {
    var distinct: [TopicQuery.Clause] = []
    for clause in clauses {
      var parts = [clause]
      if case .any(let inner) = clause { parts = inner }
      for part in parts where !distinct.contains(part) { distinct.append(part) }
    }
    return distinct.count == 1 ? distinct[0] : .any(distinct)
  }
}
