import Foundation
import GRDB

extension TopicQuery {
  /// Why nobody can follow this, as a sentence: it names a council that is not there, or finds more than anyone could
  /// read.
  func problemOfFollowing(now: Date, _ database: Database) throws -> String? {
    try unknownCouncil(database) ?? QueryReach.load(self, now: now, database).refusal(of: self)
  }

  /// That it names a council that is not there, as a sentence.
  func unknownCouncil(_ database: Database) throws -> String? {
    for case .council(let slug) in root.leaves where try Council.find(slug, database) == nil {
      let successor = try ReplacedCouncil.successor(of: slug, database)
      return "There is no council “\(slug)”" + (successor.map { " any more; write council:\($0.slug)" } ?? "")
    }
    return nil
  }
}
