import HTTPServer

/// Pages whose text stands in their template: about, privacy, accessibility.
struct FixedPages: Sendable {
  let site: Site

  private struct View {
    var site: String
    var contact: String
    var operatorName: String?
  }

  func page(_ template: String, title: String) -> Route.Action {
    { _ in
      let view = View(
        site: site.identity.name,
        contact: site.identity.contactEmail,
        operatorName: site.identity.operatorName
      )
      return try site.page(template, view, title: title, path: "/\(template)")
    }
  }
}
