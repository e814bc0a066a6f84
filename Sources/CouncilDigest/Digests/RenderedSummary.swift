import Markdown
import Synchronization

/// A meeting's summary as an edition shows it.
struct RenderedSummary: Sendable {
  var html: String?
  var text: String?
  /// What it lists of its sections.
  var headings: [String] = []
  /// The first thing it is about, when it has sections.
  var subject: String?
  /// The Markdown it was rendered from.
  let source: String

  /// - Parameter styles: inline CSS for mail; empty for the web.
  init(_ summary: String, _ density: Subscriber.Density, styles: [String: String]) {
    source = summary
    let document = Document(parsing: summary)
    subject = document.headings.first
    let html = HTMLRenderer(headingShift: 2, idPrefix: nil, styles: styles)
    // The letter underlines councils with = and meetings with -.
    let text = TextRenderer(underlines: ["."])
    switch density {
    case .headlines: break
    case .brief:
      self.html = document.leadWithoutNotes.map(html.render)
      self.text = document.leadWithoutNotes.map(text.render)
      headings = document.headings
    case .full:
      self.html = html.render(document)
      self.text = text.render(document)
    }
  }
}

/// The summaries of letters, rendered once for all editions that carry them.
final class RenderedSummaries: Sendable {
  private struct Key: Hashable {
    var revision: Int64
    var density: Subscriber.Density
  }

  private struct Kept {
    var summaries: [Key: RenderedSummary] = [:]
    var bytes = 0
  }

  private let kept = Mutex(Kept())
  private static let maximumBytes = 8 * 1024 * 1024

  func summary(
    _ revision: Int64,
    of source: String,
    _ density: Subscriber.Density,
    styles: [String: String]
  ) -> RenderedSummary {
    let key = Key(revision: revision, density: density)
    if let summary = kept.withLock({ $0.summaries[key] }), summary.source == source { return summary }
    let summary = RenderedSummary(source, density, styles: styles)
    kept.withLock { kept in
      if kept.bytes > Self.maximumBytes { kept = Kept() }
      kept.summaries[key] = summary
      kept.bytes += 500 + source.utf8.count + (summary.html?.utf8.count ?? 0) + (summary.text?.utf8.count ?? 0)
    }
    return summary
  }
}
