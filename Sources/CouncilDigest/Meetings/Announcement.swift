import Foundation

/// When a meeting's summary counts as announced, and whether it is news: the rule of which digest carries it.
struct Announcement: Equatable, Sendable {
  var publishedAt: Date
  var announcedAt: Date
  /// False for archive, which is shown and never mailed.
  var isMailed: Bool

  /// How long ago a meeting may have been announced, in seconds, whose new words are still news. What is older and is
  /// put again, in a batch perhaps, must not flood anyone.
  static let recent: TimeInterval = 45 * 86_400

  /// What is known when a summary is put.
  struct Circumstances: Equatable, Sendable {
    var startsAt: Date
    /// What the operator says; it then stays.
    var givenPublishedAt: Date?
    /// From before, when the meeting had a summary already.
    var earlier: (publishedAt: Date, announcedAt: Date)?
    var notify: Bool?
    var now: Date
    /// The end of the newest digest run.
    var lastRunEnd: Date?
    /// 0 is unlimited.
    var maximumAgeDays: Int

    static func == (left: Circumstances, right: Circumstances) -> Bool {
      left.startsAt == right.startsAt && left.givenPublishedAt == right.givenPublishedAt
        && left.earlier?.publishedAt == right.earlier?.publishedAt
        && left.earlier?.announcedAt == right.earlier?.announcedAt && left.notify == right.notify
        && left.now == right.now && left.lastRunEnd == right.lastRunEnd
        && left.maximumAgeDays == right.maximumAgeDays
    }
  }

  init(_ known: Circumstances) {
    publishedAt = known.givenPublishedAt ?? known.earlier?.publishedAt ?? known.now.wholeSeconds
    let isClosed = { (date: Date) in known.lastRunEnd.map { $0 >= date } ?? false }
    if let earlier = known.earlier, isClosed(earlier.announcedAt) || earlier.publishedAt == publishedAt {
      // A run has carried it, or nothing moved: it is announced once.
      announcedAt = earlier.announcedAt
    } else if isClosed(publishedAt), let lastRunEnd = known.lastRunEnd {
      // Late papers: the next run carries them. Runs end in whole milliseconds and exclude their start.
      announcedAt = max(known.now, lastRunEnd.addingTimeInterval(0.001))
    } else {
      announcedAt = publishedAt
    }
    let age = announcedAt.timeIntervalSince(known.startsAt)
    let isNews = known.maximumAgeDays == 0 || age <= Double(known.maximumAgeDays) * 86_400
    isMailed = known.notify ?? isNews
  }
}

extension Date {
  /// As answers show times, so that what was read can be put back unchanged.
  fileprivate var wholeSeconds: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }
}
