import GRDB

extension TopicQuery {
  /// The same about the councils there are now: one that went into another is named as that other.
  func ofCurrentCouncils(_ database: Database) throws -> TopicQuery {
    var query = self
    for case .council(let slug) in root.leaves where try Council.find(slug, database) == nil {
      guard let successor = try ReplacedCouncil.successor(of: slug, database) else { continue }
      query = try query.replacing(.council(slug), with: .council(successor.slug))
    }
    return query
  }

  func replacing(_ old: Clause, with new: Clause) throws -> TopicQuery {
    let replaced = TopicQuery(root.replacing(old, with: new))
    // Taken apart again, what names both stands there once.
    return try TopicQuery(printed: replaced.description)
  }
}

extension TopicQuery.Group {
  fileprivate func replacing(_ old: TopicQuery.Clause, with new: TopicQuery.Clause) -> TopicQuery.Group {
    TopicQuery.Group(
      required: required.map { $0.replacing(old, with: new) },
      excluded: excluded.map { $0.replacing(old, with: new) }
    )
  }
}

extension TopicQuery.Clause {
  fileprivate func replacing(_ old: TopicQuery.Clause, with new: TopicQuery.Clause) -> TopicQuery.Clause {
    switch self {
    case old: new
    case .any(let clauses): .any(clauses.map { $0.replacing(old, with: new) })
    case .group(let group): .group(group.replacing(old, with: new))
    case .word, .prefix, .phrase, .council, .committee, .person: self
    }
  }
}
