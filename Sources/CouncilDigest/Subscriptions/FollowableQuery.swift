import Foundation
import GRDB

extension TopicQuery {
  /// Why nobody can follow this, as a sentence: it names a council that is not there, or finds more than anyone could
  /// read.
  func problemOfFollowing(now: Date, _ database: Database) throws -> String? {
    if let problem = try unknownCouncil(database) { return problem }
    let query = try ofCurrentCouncils(database)
    return try QueryReach.load(query, now: now, database).refusal(of: query)
  }

  /// That it names a council that is not there, as a sentence.
  func unknownCouncil(_ database: Database) throws -> String? {
    for case .council(let slug) in root.leaves where try Council.findCurrent(slug, database) == nil {
      return "There is no council “\(slug)”"
    }
    return nil
  }
}
