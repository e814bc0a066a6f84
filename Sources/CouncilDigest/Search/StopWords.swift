/// Words that say nothing of a subject: those that people write around it, and those that every summary has.
enum StopWords {
  static func contain(_ word: String) -> Bool { words.contains(word.lowercased()) }

  private static let words: Set<String> = [
    "about", "after", "again", "agreed", "all", "also", "and", "any", "anybody", "anyone", "anything", "are", "area",
    "around", "asked", "because", "been", "before", "being", "between", "both", "but", "cabinet", "came", "can",
    "changes", "come", "comes", "committee", "concerned", "could", "council", "councillor", "councillors",
    "councils", "decide", "decided", "decides", "deciding", "decision", "decisions", "discuss", "discussed",
    "discussion", "discussions",
    "does", "doing", "during", "each", "every", "everything", "find", "first", "follow", "for", "from", "get",
    "give", "given", "going", "had", "happen", "happening", "happens", "has", "have", "having", "hear", "heard",
    "her", "here", "his", "how", "information", "interested", "into", "its", "just", "keep", "kept", "know", "last",
    "like", "local", "long", "make", "making", "many", "may", "meeting", "meetings", "member", "members",
    "mentioned", "mentions", "might", "month", "months", "more", "most", "much", "myself", "near", "need", "needs",
    "new", "news", "next", "nobody", "not", "noted", "now", "off", "officer", "officers", "once", "one", "only",
    "other", "our", "out", "over", "part", "people", "plans", "please", "regarding", "related", "report", "reports",
    "say", "says", "second", "see", "should", "since", "some", "somebody", "someone", "something", "speak",
    "speaking", "speaks", "still", "such", "take", "taken", "takes", "talk", "talked", "talks", "tell", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "thing", "things", "think", "this", "those",
    "thought", "through", "told", "took", "topic", "under", "until", "update", "updates", "use", "used", "very",
    "want", "wants", "was", "way", "week", "weeks", "well", "were", "what", "when", "whenever", "where", "wherever",
    "whether", "which", "while", "who", "whole", "why", "will", "wish", "with", "within", "would", "year", "years",
    "you", "your",
  ]
}
