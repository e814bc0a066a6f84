import Crypto
import Foundation
import HTTPServer
import HTTPTypes

/// What every page needs: who we are, the templates, the assets' addresses.
struct Site: Sendable {
  let identity: SiteIdentity
  let templates: Templates
  let assets: Assets
  let cache: PageCache
  let headers: SecurityHeaders
  /// The demonstration shows its mailbox in the navigation.
  var isDemo = false

  /// Who may keep a copy of a page.
  enum Visibility {
    /// The same for everyone: cached, with an entity tag.
    case everyone
    /// The outcome of something a person did.
    case onlyYou
    /// Reached by a mailed link: never stored, never indexed, its address never passed on.
    case mailedLink
  }

  func page(
    _ template: String,
    _ context: Any,
    title: String,
    description: String? = nil,
    path: String? = nil,
    alternates: [AlternateLink] = [],
    linkedData: String? = nil,
    status: HTTPResponse.Status = .ok,
    visibility: Visibility = .everyone
  ) throws -> Response {
    let content = try templates.render("pages/\(template)", context)
    let frame = FrameView(
      title: title,
      site: identity.name,
      description: description,
      content: content,
      canonical: path.map(identity.link),
      alternates: alternates,
      linkedData: linkedData,
      stylesheet: assets.stylesheet,
      icon: assets.icon,
      contact: identity.contactEmail,
      isDemo: isDemo,
      isHidden: visibility != .everyone || status != .ok
    )
    let body = VisibleText.bytes(of: try templates.render("pages/frame", frame))
    var response = Response(status: status, fields: [.contentType: "text/html; charset=utf-8"], body: body)
    switch visibility {
    case .everyone where status == .ok:
      response.fields[.cacheControl] = "public, max-age=60"
      response.fields[.eTag] = Self.tag(of: body).text
    case .everyone, .onlyYou:
      response.fields[.cacheControl] = "no-store"
    case .mailedLink:
      response.fields[.cacheControl] = "no-store"
      response.fields[.referrerPolicy] = "no-referrer"
      response.fields[.robotsTag] = "noindex"
    }
    return response
  }

  /// What everyone sees alike and is no page: a feed, a file.
  func document(_ content: [UInt8], _ type: String) -> Response {
    Response(
      status: .ok,
      fields: [.contentType: type, .cacheControl: "public, max-age=60", .eTag: Self.tag(of: content).text],
      body: content
    )
  }

  /// 303: the answer to a form is a page that can be reloaded (RFC 9110 §15.4.4).
  func seeOther(_ path: String) -> Response {
    Response(status: .seeOther, fields: [.location: path, .cacheControl: "no-store"])
  }

  static func tag(of body: [UInt8]) -> EntityTag {
    EntityTag(Data(SHA256.hash(data: body).prefix(12)).hexadecimal)
  }
}

/// The same in another form, for programs that look for it in a page's head.
struct AlternateLink: Equatable, Sendable {
  var type: String
  var title: String
  var path: String
}

private struct FrameView {
  var title: String
  var site: String
  var description: String?
  var content: String
  var canonical: String?
  var alternates: [AlternateLink]
  /// JSON that is safe in a `script` element.
  var linkedData: String?
  var stylesheet: String
  var icon: String
  var contact: String
  var isDemo: Bool
  var isHidden: Bool
}
