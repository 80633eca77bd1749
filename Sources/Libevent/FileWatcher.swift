import Glibc
package import Sockets
package import SystemPackage

/// Tells when files have changed and been quiet for a while.
///
/// Editors, package managers and Kubernetes don't write into a file but put another one in its place, by renaming it or a
/// symbolic link on the way to it. So the watch (inotify(7)) is on directories: the one in which the file lies, and each
/// that has a link on the way. What happens there is a reason to look, no more; a change is what `FileSnapshot` says. That
/// a file isn't there is no news, that it's there again is; in a folder that is watched as a whole both are.
package final class FileWatcher: IOHandler {
  /// How long the files have to stay as they are.
  package static let quiet = Duration.milliseconds(200)
  /// How often a directory is looked for that can't be watched, since it isn't there or the system's watches are used up.
  static let retry = Duration.seconds(1)

  /// What is watched, from the root on.
  package let paths: Set<String>
  private let inotify: Int32
  private let changed: () -> Void
  private let isAbsenceNews: Bool
  /// The files as they were told last, and as they were when last looked at.
  private var told: FileSnapshot
  private var seen: FileSnapshot
  private var watches: Set<Int32> = []
  private var event: IOEvent?
  private var settled: Timer?
  private var missing: Timer?

  /// Watches files and folders, which needn't be there yet.
  ///
  /// - Parameters:
  ///   - known: they as they were before the caller read them; if they have changed since, that is told.
  ///   - isAbsenceNews: whether it's told, too, that one isn't there any more.
  ///   - changed: called on the loop's thread. It may drop this object.
  /// - Throws: EMFILE if the user has too many watchers (/proc/sys/fs/inotify/max_user_instances) or the process too many
  ///   descriptors.
  package init(
    _ known: FileSnapshot, isAbsenceNews: Bool = false, on loop: EventLoop, changed: @escaping () -> Void
  ) throws(Errno) {
    paths = known.paths
    told = known
    seen = known
    self.changed = changed
    self.isAbsenceNews = isAbsenceNews
    inotify = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard inotify >= 0 else { throw Errno(rawValue: errno) }
    super.init()
    event = IOEvent(inotify, on: loop, trigger: .level, handler: self)
    settled = Timer(on: loop) { [unowned self] in settle() }
    missing = Timer(on: loop) { [unowned self] in look() }
    look()
  }

  deinit {
    event = nil
    _ = close(inotify)
  }

  /// Something happened in one of the directories.
  package override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    // What it was doesn't matter: the files are looked at themselves.
    var events = [UInt8](repeating: 0, count: 4096)
    while unsafe read(inotify, &events, events.count) > 0 {}
    look()
  }

  /// Starts the wait anew if the files aren't as they were.
  private func look() {
    watch()
    let now = seen.now
    guard now != seen else { return }
    seen = now
    settled?.schedule(after: Self.quiet)
  }

  private func settle() {
    look()
    guard settled?.isScheduled == false, told.update(from: seen, absenceToo: isAbsenceNews) else { return }
    changed()
  }

  /// Sets the watches anew: a directory may have gone, and another taken its name or its part in the path.
  private func watch() {
    let happenings =
      IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
    // About a file in a watched folder nothing else decides, unless it's a link.
    let directories = paths.union(seen.files.filter(FilePath.isLink)).reduce(into: seen.folders) {
      $0.formUnion(FilePath.decidingDirectories($1))
    }
    let added = directories.map { unsafe inotify_add_watch(inotify, $0, UInt32(happenings | IN_ONLYDIR)) }
    for unneeded in watches.subtracting(added) { _ = inotify_rm_watch(inotify, unneeded) }
    watches = Set(added.filter { $0 >= 0 })
    if watches.count < directories.count { missing?.schedule(after: Self.retry) }
  }
}
