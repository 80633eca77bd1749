import Glibc
package import SystemPackage

/// Tells when a file has changed and been quiet for a while.
///
/// Editors, package managers and Kubernetes don't write into a file but put another one in its place, by renaming it or a
/// symbolic link on the way to it. So the watch (inotify(7)) is on directories: the one in which the file lies, and each
/// that has a link on the way. What happens there is a reason to look, no more; a change is what `FileIdentity` says. That
/// the file isn't there is no news, that it's there again is.
package final class FileWatcher: IOHandler {
  /// How long a file has to stay as it is.
  package static let quiet = Duration.milliseconds(200)
  /// How often a directory is looked for that can't be watched, since it isn't there or the system's watches are used up.
  static let retry = Duration.seconds(1)

  private let path: String
  private let inotify: Int32
  private let changed: () -> Void
  /// The file as it was told last, and as it was when last looked at.
  private var told: FileIdentity?
  private var seen: FileIdentity?
  private var watches: Set<Int32> = []
  private var event: IOEvent?
  private var settled: Timer?
  private var missing: Timer?

  /// Watches a file, which needn't be there yet.
  ///
  /// - Parameters:
  ///   - known: the file as it was before the caller read it; if it has changed since, that is told.
  ///   - changed: called on the loop's thread. It may drop this object.
  /// - Throws: EMFILE if the user has too many watchers (/proc/sys/fs/inotify/max_user_instances) or the process too many
  ///   descriptors.
  package init(
    _ path: String, knownAs known: FileIdentity? = nil, on loop: EventLoop, changed: @escaping () -> Void
  ) throws(Errno) {
    self.path = FilePath.absolute(path)
    self.changed = changed
    inotify = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard inotify >= 0 else { throw Errno(rawValue: errno) }
    super.init()
    event = IOEvent(inotify, on: loop, trigger: .level, handler: self)
    settled = Timer(on: loop) { [unowned self] in settle() }
    missing = Timer(on: loop) { [unowned self] in look() }
    watch()
    told = known ?? FileIdentity(path)
    seen = told
    look()
  }

  deinit {
    event = nil
    _ = close(inotify)
  }

  /// Something happened in one of the directories.
  package override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    // What it was doesn't matter: the file is looked at itself.
    var events = [UInt8](repeating: 0, count: 4096)
    while unsafe read(inotify, &events, events.count) > 0 {}
    look()
  }

  /// Starts the wait anew if the file isn't as it was.
  private func look() {
    watch()
    let now = FileIdentity(path)
    guard now != seen else { return }
    seen = now
    settled?.schedule(after: Self.quiet)
  }

  private func settle() {
    look()
    guard settled?.isScheduled == false, let seen, seen != told else { return }
    told = seen
    changed()
  }

  /// Sets the watches anew: a directory may have gone, and another taken its name or its part in the path.
  private func watch() {
    let happenings =
      IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
    let directories = FilePath.decidingDirectories(path)
    let added = directories.map { unsafe inotify_add_watch(inotify, $0, UInt32(happenings | IN_ONLYDIR)) }
    for unneeded in watches.subtracting(added) { _ = inotify_rm_watch(inotify, unneeded) }
    watches = Set(added.filter { $0 >= 0 })
    if watches.count < directories.count { missing?.schedule(after: Self.retry) }
  }
}
