import Foundation
import Mail
import TestSupport

@testable import CouncilDigest

/// One letter of every kind the service sends, with fixed dates and links, as bodies and as messages.
struct LetterSpecimens {
  struct Specimen: Sendable {
    var name: String
    var body: LetterBody
    var message: [UInt8]
  }

  let all: [Specimen]

  init() async throws {
    let chain = try await Chain(
      "2026-11-28T08:00:00Z",
      [
        "site.name": "Wyre Council Digest", "site.public_url": "https://digest.wyre.example",
        "site.contact_email": "hello@wyre.example", "site.operator": "Wyre Residents’ Association",
        "mail.from": "Wyre Council Digest <digest@wyre.example>", "operator.notify": "op@wyre.example",
      ]
    )
    let services = chain.services
    let targets: [FollowTarget] = [
      .council(Council(id: 1, slug: "wychford", details: CouncilDetails(name: "Wychford Council"))),
      .topic(Topic(id: 5, slug: "roads", name: "Roads and potholes", description: "", query: "roads")),
      .query(.init(id: 7, text: "\"clearer chart\"")),
    ]
    let letters = SubscriptionLetters(frame: services.letters)
    var bodies: [(String, OutgoingMail.Kind, LetterBody)] = [
      ("confirmation", .confirmation, try letters.confirmation([targets[0]])),
      ("confirmation-of-several", .confirmation, try letters.confirmation(targets)),
      ("already-following", .alreadyFollowing, try letters.alreadyFollowing(targets)),
      ("topic-request", .topicRequest, try RequestTopic.confirmationLetter(services.letters)),
      ("address-change", .addressChange, try ReaderLetters(frame: services.letters).addressChange()),
      ("address-notice", .addressNotice, try ReaderLetters(frame: services.letters).addressNotice()),
      ("preferences-link", .preferencesLink, try ReaderLetters(frame: services.letters).preferencesLink()),
      ("sign-in", .signIn, try SignIn.letter(services.letters)),
      (
        "council-replaced", .councilReplaced,
        try letters.frame.replaced(Array(Self.merged.prefix(1)), by: Self.merged[2])
      ),
      (
        "council-replaced-several", .councilReplaced,
        try letters.frame.replaced(Array(Self.merged.prefix(2)), by: Self.merged[2])
      ),
      (
        "topic-accepted", .topicAccepted,
        try letters.frame.accepted(Self.request, TopicQuery(parsing: "bus OR tram"), reply: nil, meetings: 14)
      ),
      ("topic-declined", .topicDeclined, try letters.frame.declined(Self.request, reply: Self.decline)),
      ("feedback-reply", .feedbackReply, try letters.frame.reply(Self.reply, to: Self.feedback)),
      (
        "operator-notice", .operatorNotice,
        try services.notices.body(
          of: .runPaused(
            DigestRun(
              id: 12,
              week: "2026-W48",
              state: .paused,
              from: .distantPast,
              to: .distantPast,
              startedAt: .distantPast,
              canary: .over
            ),
            because: "7 of the first 50 letters were not accepted"
          )
        )
      ),
    ]
    for density in Subscriber.Density.allCases {
      bodies.append(("digest-\(density.rawValue)", .digest, try Self.digest(services, Self.content(density))))
    }
    bodies.append(("digest-quiet", .digest, try Self.digest(services, Self.quiet)))
    bodies.append(("digest-test", .digestTest, try Self.digest(services, Self.content(.headlines), address: nil)))
    let date = chain.clock.now
    let assembly = services.queue.assembly
    all = try bodies.enumerated().map { index, entry in
      let mail = OutgoingMail(
        id: Int64(index + 1),
        kind: entry.1,
        recipient: "ann@resident.example",
        subscriberID: 3,
        referenceID: 4,
        date: date,
        keyID: services.store.keys.current,
        attempts: 0,
        unreadReplies: 0,
        expiresAt: date,
        windowStart: 0
      )
      let links = LetterBody.Slot.allCases.map { ($0, "https://digest.wyre.example/\($0.rawValue)/TOKEN") }
      return Specimen(
        name: entry.0,
        body: entry.2.filled(with: Dictionary(uniqueKeysWithValues: links)),
        message: try assembly.envelope(for: mail, entry.2).content.joined
      )
    }
  }

  private static let merged = ["Wychford Borough Council", "Marlbeck & Stone District Council", "South Wyre Council"]
    .enumerated().map { Council(id: Int64($0 + 1), slug: "c\($0)", details: CouncilDetails(name: $1)) }
  private static let request = TopicRequest(
    id: 4,
    email: "ann@resident.example",
    request: "Buses, please.\n\nAnd trams, if there are ever any.",
    councils: [],
    state: .open,
    createdAt: .distantPast
  )
  private static let decline =
    "Timetables are not decided by councils, so no meeting would ever say anything about them.\n\nAsk the operator (https://buses.example/wyre), or see https://wyre.example/travel/timetables?line=7&day=sunday. They answer within a week."
  private static let reply = "Thank you, you are right: the vote was 7 to 5.\n\nWe have corrected the summary."
  private static let feedback = Feedback(
    id: 9,
    kind: .mistake,
    message:
      "The summary says that the vote was 5 to 7, but the minutes that the council published have it the other way.\n\nAnn",
    email: "ann@resident.example",
    meeting: "wychford/2026-11-20-cabinet",
    state: .open,
    createdAt: .distantPast
  )

  private static func digest(
    _ services: Services,
    _ content: EditionContent,
    address: String? = "edition"
  ) throws -> LetterBody {
    try services.queue.editions.compose(content, revisions, address: address).body
  }

  private static func content(_ density: Subscriber.Density) -> EditionContent {
    let extract = MatchExtract(marked: "… promised a \u{2}clearer chart\u{3} of who waits longest …")
    return EditionContent(
      week: "2026-W48",
      density: density,
      follows: ["Wychford Council", "the topic Roads and potholes", "your own query “clearer chart”"],
      sections: [
        .init(
          council: "Wychford Council",
          shortName: "Wychford",
          path: "/councils/wychford",
          items: [
            .init(
              revision: 1,
              reasons: ["Wychford Council"],
              matches: [.init(interest: .init(name: "\"clearer chart\"", isOwnQuery: true), extract: extract)]
            ),
            .init(revision: 2, reasons: ["Wychford Council"], matches: []),
          ],
          upcoming: [3, 4]
        ),
        .init(
          council: "Marlbeck & Stone Borough Council",
          shortName: "Marlbeck",
          path: "/councils/marlbeck",
          items: [
            .init(
              revision: 5,
              reasons: [],
              matches: [
                .init(
                  interest: .init(name: "Roads and potholes", isOwnQuery: false),
                  extract: MatchExtract(marked: "… £3 million for \u{2}roads\u{3} <in the north> …")
                )
              ]
            )
          ],
          upcoming: []
        ),
        .init(
          council: "Exbury Council",
          shortName: "Exbury",
          path: "/councils/exbury",
          items: [],
          quiet: .papersPending(2),
          upcoming: []
        ),
      ],
      corrections: [6],
      unmatched: [.init(name: "Libraries", isOwnQuery: false)]
    )
  }

  private static var quiet: EditionContent {
    EditionContent(
      week: "2026-W48",
      density: .brief,
      follows: ["Exbury Council"],
      sections: [
        .init(
          council: "Exbury Council",
          shortName: "Exbury",
          path: "/councils/exbury",
          items: [],
          quiet: .noMeetings,
          upcoming: [3]
        )
      ],
      corrections: [],
      unmatched: []
    )
  }

  private static var revisions: [Int64: EditionRevision] {
    func meeting(
      _ committee: String,
      _ start: String,
      _ status: MeetingContent.Status = .held,
      _ summary: String? = nil,
      council: String = "Wychford Council",
      correction: String? = nil
    ) -> EditionRevision {
      EditionRevision(
        content: MeetingContent(
          committee: committee,
          startsAt: start,
          status: status,
          summary: summary,
          attendees: [],
          documents: []
        ),
        correction: correction,
        councilName: council,
        timeZone: nil,
        reference: "wychford/\(committee.lowercased().filter(\.isLetter))"
      )
    }
    return [
      1: meeting("Children and Families Overview and Scrutiny Panel", "2026-11-24T14:00:00Z", .held, Samples.summary),
      2: meeting("Cabinet", "2026-11-25T10:00:00Z", .held, "Members agreed the draft budget.\n\n## Budget\n\nMore."),
      3: meeting("Planning Committee", "2026-12-02T18:30:00Z", .scheduled),
      4: meeting("Licensing Panel", "2026-12-03T10:00:00Z", .cancelled),
      5: meeting(
        "Highways Board",
        "2026-11-23T09:30:00Z",
        .held,
        "The board set aside £3 million for roads.\n\n## Roads\n\nIn the north.",
        council: "Marlbeck & Stone Borough Council"
      ),
      6: meeting(
        "Audit Committee",
        "2026-11-11T10:00:00Z",
        .held,
        "Text.",
        correction: "The overspend is £1.4 million, not £14 million."
      ),
    ]
  }
}
