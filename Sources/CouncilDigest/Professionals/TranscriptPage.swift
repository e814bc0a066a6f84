import Foundation
import GRDB
import HTTPServer

/// `GET /councils/{council}/meetings/{meeting}/transcript`: for professional readers; everyone else learns how to become
/// one. Nothing between us and the reader may keep it.
struct TranscriptPage: Sendable {
  let store: Store
  let site: Site
  let sessions: ReadingSession

  private struct View {
    var title: String
    var council: String
    var date: String
    var path: String
    var contact: String
    /// Built from the transcript, escaped.
    var transcript: String?
    var until: String?
    var signInPath: String
    /// Signed in, and not allowed any more.
    var ended: String?
    var isRevoked = false
    var isStranger = false
  }

  func callAsFunction(_ request: Request) async throws -> Response {
    let (council, slug) = (request.parameter("council"), request.parameter("meeting"))
    let (place, meeting) = try await store.read { database in
      try ReplacedCouncil.leadOn(council, meeting: slug, database)
      return (try Council.require(council, database), try Meeting.require(slug, council: council, database))
    }
    guard meeting.hasTranscript else { throw Refusal.notFound("There is no transcript of this meeting") }
    let dates = ReadableDate(place.timeZone(in: site.identity.timeZone))
    var view = View(
      title: meeting.content.committee,
      council: place.name,
      date: dates.day(meeting.content.start),
      path: meeting.path,
      contact: site.identity.contactEmail,
      signInPath: "/sign-in?next=\(percentEncoded("\(meeting.path)/transcript"))"
    )
    let reader = try await sessions.reader(of: request)
    guard let reader, let until = reader.professionalUntil, until > store.now() else {
      let ended = reader?.professionalUntil.map(ReadableDate(site.identity.timeZone).day)
      view.ended = ended
      view.isRevoked = reader != nil && ended == nil
      view.isStranger = reader == nil
      return try refusal(view)
    }
    let text = try await store.read { try Meeting.transcript(of: meeting.id, $0) }
    view.transcript = Transcript(parsing: text ?? "").html
    view.until = ReadableDate(site.identity.timeZone).day(until)
    return privately(
      try site.page("transcript", view, title: "Transcript: \(view.title), \(view.date)", visibility: .onlyYou)
    )
  }

  private func refusal(_ view: View) throws -> Response {
    privately(
      try site.page(
        "transcript-refused",
        view,
        title: "Transcript: professional subscription required",
        status: .forbidden,
        visibility: .onlyYou
      )
    )
  }

  private func privately(_ response: Response) -> Response {
    var response = response
    response.fields[.cacheControl] = "private, no-store"
    response.fields[.vary] = "Cookie"
    response.fields[.robotsTag] = "noindex"
    return response
  }
}
