import Mustache

// What the templates of a digest may ask for, by name. Without these the library looks each name up by reflection, which
// takes most of the time a letter takes.

extension DigestLetterView: MustacheParent {
  func child(named name: String) -> Any? {
    switch name {
    case "sections": sections
    case "corrections": corrections
    case "hasCorrections": hasCorrections
    case "unmatched": unmatched
    case "unmatchedText": unmatchedText
    case "isShortened": isShortened
    case "browserLink": browserLink
    case "unsubscribe": unsubscribe
    default: nil
    }
  }
}

extension DigestLetterView.Section: MustacheParent {
  func child(named name: String) -> Any? {
    switch name {
    case "council": council
    case "underline": underline
    case "link": link
    case "items": items
    case "omitted": omitted
    case "quiet": quiet
    case "quietText": quietText
    case "upcoming": upcoming
    case "hasUpcoming": hasUpcoming
    default: nil
    }
  }
}

extension DigestLetterView.Item: MustacheParent {
  func child(named name: String) -> Any? {
    switch name {
    case "title": title
    case "date": date
    case "link": link
    case "reason": reason
    case "reasonText": reasonText
    case "matches": matches
    case "titleText": titleText
    case "titleUnderline": titleUnderline
    case "text": text
    case "html": html
    case "headings": headings
    case "headingLines": headingLines
    case "hasHeadings": hasHeadings
    case "isCancelled": isCancelled
    default: nil
    }
  }
}

extension DigestLetterView.Upcoming: MustacheParent {
  func child(named name: String) -> Any? {
    switch name {
    case "title": title
    case "date": date
    case "link": link
    case "isCancelled": isCancelled
    case "line": line
    default: nil
    }
  }
}

extension DigestLetterView.Match: MustacheParent {
  func child(named name: String) -> Any? {
    switch name {
    case "label": label
    case "html": html
    case "text": text
    case "fewerLink": fewerLink
    default: nil
    }
  }
}

extension DigestLetterView.Correction: MustacheParent {
  func child(named name: String) -> Any? {
    switch name {
    case "title": title
    case "titleText": titleText
    case "date": date
    case "link": link
    case "text": text
    case "wrapped": wrapped
    default: nil
    }
  }
}
