import Foundation
import HTTPServer
import HTTPTypes

/// The frame of the console's pages. None of them is kept by anybody, or found by a search engine.
struct ConsolePage: Sendable {
  let site: Site

  /// The console's parts, as its navigation lists them.
  enum Part: String, CaseIterable, Sendable {
    case week = ""
    case next, hold, figures, requests, feedback, audit

    var path: String { self == .week ? ConsoleSession.path : "\(ConsoleSession.path)/\(rawValue)" }

    var label: String {
      switch self {
      case .week: "This week"
      case .next: "Next digest"
      case .hold: "Hold"
      case .figures: "Figures"
      case .requests: "Topic requests"
      case .feedback: "Feedback"
      case .audit: "Audit"
      }
    }

    /// As the API has it: who may only read is shown nothing about persons.
    var role: Role {
      switch self {
      case .week, .figures: .reader
      case .next, .hold, .requests, .feedback, .audit: .operator
      }
    }
  }

  private struct FrameView {
    struct Link {
      var label: String
      var path: String
      var isCurrent: Bool
    }

    var title: String
    var site: String
    var content: String
    var stylesheet: String
    var icon: String
    var isDemo: Bool
    var isSignedIn: Bool
    var links: [Link]
    var who: String
    var role: String
  }

  private struct RefusalView {
    var heading: String
    var detail: String
  }

  /// - Parameters:
  ///   - caller: nil on pages for those who are not signed in.
  ///   - reloadSeconds: for who asked to be kept up to date.
  func callAsFunction(
    _ template: String,
    _ content: Any,
    title: String,
    in part: Part? = nil,
    for caller: Caller? = nil,
    reloadSeconds: Int? = nil,
    status: HTTPResponse.Status = .ok
  ) throws -> Response {
    let frame = FrameView(
      title: title,
      site: site.identity.name,
      content: try site.templates.render("console/\(template)", content),
      stylesheet: site.assets.stylesheet,
      icon: site.assets.icon,
      isDemo: site.isDemo,
      isSignedIn: caller != nil,
      links: Part.allCases.filter { part in caller.map { $0.role >= part.role } ?? false }.map {
        FrameView.Link(label: $0.label, path: $0.path, isCurrent: $0 == part)
      },
      who: caller?.name ?? "",
      role: caller?.role.rawValue ?? ""
    )
    var response = Response(
      status: status,
      fields: [
        .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .robotsTag: "noindex",
        .referrerPolicy: "same-origin",
      ],
      body: Array(try site.templates.render("console/frame", frame).utf8)
    )
    response.fields[.refresh] = reloadSeconds.map(String.init)
    return response
  }

  /// What can't be done, with the way back.
  func refusal(
    _ title: String,
    _ detail: String,
    for caller: Caller,
    status: HTTPResponse.Status
  ) throws -> Response {
    try self("refusal", RefusalView(heading: title, detail: detail), title: title, for: caller, status: status)
  }

  func seeOther(_ path: String) -> Response { site.seeOther(path) }

  var dates: ReadableDate { ReadableDate(site.identity.timeZone) }
}
