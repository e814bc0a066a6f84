import Foundation

/// A meeting for search engines and calendars that read pages: schema.org's `Event` as JSON-LD 1.1.
struct MeetingEvent: Encodable {
  struct Place: Encodable {
    let type = "Place"
    var name: String

    enum CodingKeys: String, CodingKey {
      case type = "@type"
      case name
    }
  }

  struct Organization: Encodable {
    let type = "GovernmentOrganization"
    var name: String
    var url: String?

    enum CodingKeys: String, CodingKey {
      case type = "@type"
      case name, url
    }
  }

  let context = "https://schema.org"
  let type = "Event"
  var name: String
  var url: String
  var startDate: String
  var endDate: String?
  var eventStatus: String
  /// The council itself where nothing better is known: schema.org wants a place.
  var location: Place
  var organizer: Organization
  var description: String?

  enum CodingKeys: String, CodingKey {
    case context = "@context"
    case type = "@type"
    case name, url, startDate, endDate, eventStatus, location, organizer, description
  }

  init(_ meeting: Meeting, of council: Council, description: String?, site: SiteIdentity) {
    let content = meeting.content
    name = "\(content.committee), \(council.name)"
    url = site.link(meeting.path)
    startDate = content.startsAt
    endDate = content.endsAt
    eventStatus = "https://schema.org/" + (content.status == .cancelled ? "EventCancelled" : "EventScheduled")
    location = Place(name: content.location ?? council.name)
    organizer = Organization(name: council.name, url: council.details.website)
    self.description = description
  }

  /// For a `script` element: `<` is escaped, so that no text ends it or begins a comment in it.
  var script: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self).replacing("<", with: "\\u003c")
    }
  }
}
