/// Words that say nothing of a subject.
enum StopWords {
  static func contain(_ word: String) -> Bool { isAsking(word) || usual.contains(plain(word)) }

  /// Those that people write around what they ask for.
  static func isAsking(_ word: String) -> Bool { asking.contains(plain(word)) }

  private static func plain(_ word: String) -> String { word.lowercased().replacing("’", with: "'") }

  private static let asking: Set<String> = [
    "a", "about", "affect", "affected", "affecting", "affects", "all", "also", "am", "an", "and", "any", "anybody",
    "anyone", "anything", "are", "as", "at", "be", "because", "been", "being", "but", "by", "can", "can't", "could",
    "dear", "do", "does", "doesn't", "doing", "don't", "else", "especially", "ever", "every", "everything", "for",
    "from", "get", "getting", "give", "given", "had", "happen", "happening", "happens", "has", "have", "having",
    "hear", "heard", "hello", "hey", "hi", "hope", "hoping", "how", "i", "i'd", "i'll", "i'm", "i've", "if", "impact",
    "impacting", "impacts", "in", "information", "interest", "interested", "into", "is", "isn't", "it", "it's", "its",
    "just", "keen", "keep", "kept", "kind", "kindly", "know", "latest", "learn", "let", "like", "look", "looking",
    "love", "mainly", "may", "maybe", "me", "mention", "mentioned", "mentions", "might", "more", "most", "much", "my",
    "myself", "need", "needs", "news", "not", "notified", "notify", "of", "off", "on", "one", "only", "or", "our",
    "out", "particularly", "perhaps", "please", "possible", "really", "receive", "regarding", "related", "relating",
    "say", "says", "see", "should", "so", "some", "somebody", "someone", "something", "such", "tell", "than", "thank",
    "thanks", "that", "that's", "the", "their", "them", "then", "there", "there's", "these", "they", "they're",
    "thing", "things", "think", "this", "those", "through", "to", "told", "topic", "up", "update", "updates", "us",
    "very", "want", "wants", "was", "way", "we", "we'd", "we're", "we've", "well", "were", "what", "what's",
    "whatever", "when", "whenever", "where", "wherever", "whether", "which", "while", "who", "whole", "why", "will",
    "wish", "with", "within", "would", "you", "you're", "your",
  ]

  /// Those that every summary has.
  private static let usual: Set<String> = [
    "after", "again", "agreed", "area", "around", "asked", "before", "between", "both", "cabinet", "came", "changes",
    "come", "comes", "committee", "concerned", "council", "councillor", "councillors", "councils", "decide",
    "decided", "decides", "deciding", "decision", "decisions", "discuss", "discussed", "discussion", "discussions",
    "during", "each", "find", "first", "follow", "going", "her", "here", "his", "last", "local", "long", "make",
    "making", "many", "meeting", "meetings", "member", "members", "month", "months", "near", "new", "next", "nobody",
    "noted", "now", "officer", "officers", "once", "other", "over", "part", "people", "plans", "report", "reports",
    "second", "since", "speak", "speaking", "speaks", "still", "take", "taken", "takes", "talk", "talked", "talks",
    "thought", "took", "under", "until", "use", "used", "week", "weeks", "year", "years",
  ]
}
