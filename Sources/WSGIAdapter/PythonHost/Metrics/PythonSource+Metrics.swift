// Written by tools/embed-python from metrics.py: change that, and run the tool.

extension PythonSource {
    /// `metrics.py`.
    static let metrics = PythonSource(
        #"""
        """Metrics: names for the numbers of this process."""

        import os
        import time

        #: The parts of a request's time, in the order in which the engine passes them.
        PHASES = ('server_time', 'queue_time', 'daemon_time', 'application_time', 'request_time', 'input_read_time',
                  'output_write_time', 'gil_wait_time')


        def memory():
            """The resident memory of the process, now and at most, in bytes; 0: unknown."""
            found = {}
            try:
                with open('/proc/self/status', 'rb') as file:
                    for line in file:
                        if line.startswith((b'VmRSS:', b'VmHWM:')):
                            name, size, _ = line.split()
                            found[name] = int(size) * 1024
            except (OSError, ValueError):
                # A chroot without /proc.
                pass
            return found.get(b'VmRSS:', 0), found.get(b'VmHWM:', 0)


        def start_recording_metrics():
            """Records requests from now on, for request_metrics()."""
            start_recording()


        def request_metrics():
            """The requests since the previous call, or since start_recording_metrics(); None without that."""
            numbers = take_interval()
            if numbers is None:
                return None
            (start, stop, count, cpu_user, cpu_system, times, waits, reads, bytes_read, writes, bytes_written, statuses,
             threads) = numbers
            period = max(stop - start, 1)
            result = {
                'pid': os.getpid(), 'start_time': start / 1e6, 'stop_time': stop / 1e6, 'sample_period': period / 1e6,
                'request_count': count, 'request_throughput': count / (period / 1e6)}
            result.update(thread_metrics(start, stop, period, threads))
            for name, summary in zip(PHASES, times):
                result.update(phase_metrics(name, *summary))
            result.update({
                'gil_wait_count': waits, 'input_bytes': bytes_read, 'input_reads': reads, 'output_bytes': bytes_written,
                'output_writes': writes})
            for index, number in enumerate(statuses, 1):
                result[f'status_{index}xx'] = number
            user, system = cpu_user / period, cpu_system / period
            for suffix in ('utilization', 'time'):
                result.update({f'cpu_user_{suffix}': user, f'cpu_system_{suffix}': system, f'cpu_{suffix}': user + system})
            result['memory_rss'], result['memory_max_rss'] = memory()
            return result


        def thread_metrics(start, stop, period, threads):
            """The numbers of each thread, and of all of them."""
            _, _, known = process_numbers()
            length = max([maximum_threads] + [thread for thread, *_ in known] + [thread for thread, *_ in threads])
            completed, busy, cpu, elapsed, longest = ([0] * length for _ in range(5))
            for thread, requests, duration, used, most in threads:
                place = max(thread - 1, 0)
                completed[place], busy[place] = requests, duration / 1e6
                cpu[place], longest[place] = used / 1e6, most / 1e6
            used = {thread for thread, *_ in threads}
            for thread, _, _, since in known:
                if since:
                    place = max(thread - 1, 0)
                    used.add(thread)
                    elapsed[place] = max(stop - since, 0) / 1e6
                    busy[place] += max(stop - max(since, start), 0) / 1e6
                    longest[place] = max(longest[place], elapsed[place])
            return {
                'request_threads_maximum': maximum_threads, 'request_threads_started': len(known),
                'request_threads_active': len(used),
                'capacity_utilization': sum(busy) / (period / 1e6 * maximum_threads),
                'request_threads_completed': completed, 'request_threads_buckets': completed,
                'request_threads_busy_time': busy, 'request_threads_cpu_time': cpu,
                'request_threads_current_elapsed': elapsed, 'request_threads_max_duration': longest}


        def phase_metrics(name, count, total, least, most, buckets):
            """The mean, the extremes and the distribution of one part of the time."""
            # A phase that no request had (daemon_time in embedded mode) has no mean.
            mean = total / count / 1e6 if count else None if name in ('queue_time', 'daemon_time') else 0.0
            return {name: mean, f'{name}_min_us': least if count else None, f'{name}_max_us': most if count else None,
                    f'{name}_buckets': list(buckets)}


        def process_metrics():
            """The process since its start."""
            now = time.time()
            requests, busy, threads = process_numbers()
            active = 0
            for _, count, duration, since in threads:
                requests += count
                busy += duration
                if since:
                    active += 1
                    busy += max(int(now * 1e6) - since, 0)
            rss, most = memory()
            used = os.times()
            return {
                'pid': os.getpid(), 'request_busy_time': busy / 1e6, 'request_count': requests, 'memory_max_rss': most,
                'memory_rss': rss, 'cpu_user_time': used.user, 'cpu_system_time': used.system,
                'cpu_time': used.user + used.system, 'restart_time': process_start / 1e6, 'current_time': now,
                'running_time': int(now - process_start / 1e6), 'request_threads': len(threads), 'active_requests': active,
                'threads': [{'thread_id': thread, 'request_count': count} for thread, count, _, _ in threads]}


        def server_metrics():
            """httpd's scoreboard; None: it is not available."""
            return server_numbers()


        def install(module, threads, start, *functions):
            """Adds the public names to the module."""
            global maximum_threads, process_start, start_recording, take_interval, process_numbers, server_numbers
            maximum_threads, process_start = threads, start
            start_recording, take_interval, process_numbers, server_numbers = functions
            for public in (start_recording_metrics, request_metrics, process_metrics, server_metrics):
                setattr(module, public.__name__, public)
        """#)
}
