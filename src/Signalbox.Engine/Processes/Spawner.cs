using System.Runtime.InteropServices;
using System.Text;

namespace Signalbox.Engine.Processes;

/// <summary>
/// Starts a launcher by posix_spawn: a new session, default signals, an exact environment, and no descriptor but 0 to 3.
/// </summary>
/// <remarks>
/// Not System.Diagnostics.Process: that one pipes through the server, cannot make a session, and reaps in its own time. The kernel opens
/// the logs and the exit record in the child, the record exclusively, so that of two starters of one attempt exactly one gets through.
/// </remarks>
internal sealed unsafe class Spawner
{
    // Larger than any C library's structures (glibc: 80 and 336 bytes).
    private const int StructureSize = 1024;
    private const int SignalSetSize = 128;
    private const short SetSignalDefault = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const uint LogMode = 0b110_100_000; // rw-r-----
    private const int AppendTo = Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND;
    private const int RecordDescriptor = 3;

    private static readonly bool CanCloseFrom = NativeLibrary.TryGetExport(
        NativeLibrary.GetMainProgramHandle(),
        "posix_spawn_file_actions_addclosefrom_np",
        out _
    );

    private readonly byte* _attributes;

    public Spawner()
    {
        // Made once, then only read, so that any thread may start processes at any time. Lives as long as the program.
        _attributes = (byte*)NativeMemory.AllocZeroed(StructureSize);
        var set = stackalloc byte[SignalSetSize];
        Check(Libc.SpawnAttributesInit(_attributes), "posix_spawnattr_init");
        Check(Libc.SpawnAttributesSetFlags(_attributes, SetSession | SetSignalMask | SetSignalDefault), "posix_spawnattr_setflags");
        new Span<byte>(set, SignalSetSize).Clear();
        Check(Libc.SpawnAttributesSetSignalMask(_attributes, set), "posix_spawnattr_setsigmask");
        new Span<byte>(set, SignalSetSize).Fill(0xff);
        Check(Libc.SpawnAttributesSetSignalDefault(_attributes, set), "posix_spawnattr_setsigdefault");
    }

    /// <summary>The files of the new process.</summary>
    public readonly record struct Files(string WorkingDirectory, string Stdout, string Stderr, string Record);

    /// <summary>Starts <c>/bin/sh</c> with these arguments and this environment; 0 and the pid, or the error number.</summary>
    /// <exception cref="ArgumentException">A text has a NUL in it, which no process can be given.</exception>
    public int Start(ReadOnlySpan<string> arguments, ReadOnlySpan<KeyValuePair<string, string>> environment, Files files, out int pid)
    {
        var texts = new NativeTexts(stackalloc byte[8192], arguments.Length + environment.Length + 8);
        try
        {
            var shell = texts.Add(Launcher.Shell);
            var none = texts.Add("/dev/null");
            var folder = texts.Add(files.WorkingDirectory);
            var stdout = texts.Add(files.Stdout);
            var stderr = texts.Add(files.Stderr);
            var record = texts.Add(files.Record);
            var firstArgument = texts.Count;
            foreach (var argument in arguments)
            {
                texts.Add(argument);
            }

            texts.AddEnd();
            var firstVariable = texts.Count;
            foreach (var (name, value) in environment)
            {
                texts.Add(name, value);
            }

            texts.AddEnd();
            var actions = stackalloc byte[StructureSize];
            fixed (byte* bytes = texts.Bytes)
            fixed (nint* offsets = texts.Offsets)
            {
                var pointers = (byte**)offsets;
                texts.Resolve(bytes);
                Check(Libc.FileActionsInit(actions), "posix_spawn_file_actions_init");
                try
                {
                    Check(Libc.FileActionsAddChdir(actions, pointers[folder]), "addchdir");
                    Check(Libc.FileActionsAddOpen(actions, 0, pointers[none], Libc.O_RDONLY, 0), "addopen");
                    Check(Libc.FileActionsAddOpen(actions, 1, pointers[stdout], AppendTo, LogMode), "addopen");
                    Check(Libc.FileActionsAddOpen(actions, 2, pointers[stderr], AppendTo, LogMode), "addopen");
                    if (CanCloseFrom)
                    {
                        Check(Libc.FileActionsAddCloseFrom(actions, RecordDescriptor), "addclosefrom");
                    }

                    // Last, so that a record is there only if everything else went well.
                    Check(Libc.FileActionsAddOpen(actions, RecordDescriptor, pointers[record], AppendTo | Libc.O_EXCL, LogMode), "addopen");
                    int started;
                    var error = Libc.PosixSpawn(
                        &started,
                        pointers[shell],
                        actions,
                        _attributes,
                        pointers + firstArgument,
                        pointers + firstVariable
                    );
                    pid = error == 0 ? started : 0;
                    return error;
                }
                finally
                {
                    _ = Libc.FileActionsDestroy(actions);
                }
            }
        }
        finally
        {
            texts.Dispose();
        }
    }

    private static void Check(int error, string call)
    {
        if (error != 0)
        {
            throw new InvalidOperationException($"Preparing a process failed: {call} gives error {error}.");
        }
    }

    /// <summary>Texts side by side, each ended by NUL, and the pointers to them.</summary>
    private ref struct NativeTexts(Span<byte> space, int expected)
    {
        private Span<byte> _bytes = space;
        private byte[]? _rented;
        private readonly nint[] _offsets = System.Buffers.ArrayPool<nint>.Shared.Rent(expected + 2);
        private int _used;

        public int Count { get; private set; }
        public readonly Span<byte> Bytes => _bytes;
        public readonly Span<nint> Offsets => _offsets;

        public int Add(ReadOnlySpan<char> text)
        {
            _offsets[Count] = _used;
            Append(text);
            _bytes[_used++] = 0;
            return Count++;
        }

        public void Add(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
        {
            _offsets[Count++] = _used;
            Append(name);
            _bytes[_used++] = (byte)'=';
            Append(value);
            _bytes[_used++] = 0;
        }

        /// <summary>A null pointer, which ends a list.</summary>
        public void AddEnd() => _offsets[Count++] = -1;

        public readonly void Resolve(byte* origin)
        {
            for (var i = 0; i < Count; i++)
            {
                _offsets[i] = _offsets[i] < 0 ? 0 : (nint)origin + _offsets[i];
            }
        }

        private void Append(ReadOnlySpan<char> text)
        {
            if (text.Contains('\0'))
            {
                throw new ArgumentException("An argument, a path or a variable has a NUL character in it, which no process can be given.");
            }

            var needed = _used + Encoding.UTF8.GetMaxByteCount(text.Length) + 2;
            if (needed > _bytes.Length)
            {
                var larger = System.Buffers.ArrayPool<byte>.Shared.Rent(Math.Max(needed, _bytes.Length * 2));
                _bytes[.._used].CopyTo(larger);
                Return();
                _bytes = _rented = larger;
            }

            _used += Encoding.UTF8.GetBytes(text, _bytes[_used..]);
        }

        public void Dispose()
        {
            Return();
            System.Buffers.ArrayPool<nint>.Shared.Return(_offsets);
        }

        private void Return()
        {
            if (_rented is not null)
            {
                System.Buffers.ArrayPool<byte>.Shared.Return(_rented, clearArray: true); // it holds the environment, and so secrets
                _rented = null;
            }
        }
    }
}
