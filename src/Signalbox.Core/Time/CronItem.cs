namespace Signalbox.Core.Time;

internal enum CronItemKind
{
    /// <summary><c>*</c> or <c>*/step</c>; <c>?</c> is read as <c>*</c>.</summary>
    Every,

    /// <summary>A single number.</summary>
    Value,

    /// <summary><c>first-last</c> or <c>first-last/step</c>; <c>first/step</c> runs to the field's end.</summary>
    Range,

    /// <summary>Day of month <c>L</c>.</summary>
    LastDay,

    /// <summary>Day of month <c>LW</c>: the last day from Monday to Friday.</summary>
    LastWorkday,

    /// <summary>Day of month <c>15W</c>: the day from Monday to Friday that is nearest to the 15th and in the same month.</summary>
    NearestWorkday,

    /// <summary>Day of week <c>5#2</c>: the second Friday; the ordinal is in <see cref="CronItem.Step"/>.</summary>
    NthWeekday,

    /// <summary>Day of week <c>5L</c>: the last Friday.</summary>
    LastOfWeekday,
}

/// <summary>One entry of a field's list.</summary>
internal readonly record struct CronItem(CronItemKind Kind, int First = 0, int Last = 0, int Step = 1)
{
    /// <summary>The item as canonical text: numbers for names, no step of 1, Sunday as 0.</summary>
    public string Print() =>
        Kind switch
        {
            CronItemKind.Every => Step == 1 ? "*" : $"*/{Step}",
            CronItemKind.Value => $"{First}",
            CronItemKind.Range => Step == 1 ? $"{First}-{Last}" : $"{First}-{Last}/{Step}",
            CronItemKind.LastDay => "L",
            CronItemKind.LastWorkday => "LW",
            CronItemKind.NearestWorkday => $"{First}W",
            CronItemKind.NthWeekday => $"{First}#{Step}",
            _ => $"{First}L",
        };
}

/// <summary>One parsed field: its items in canonical order and the plain values as bits.</summary>
/// <param name="Items">Sorted, without doubles.</param>
/// <param name="Mask">Bit n is set when value n matches; Sunday is bit 0. Items such as <c>L</c> have no bit.</param>
/// <param name="Star">Whether the text began with <c>*</c> or <c>?</c>: Vixie cron's mark of a field that does not restrict.</param>
internal sealed record CronFieldItems(ImmutableArray<CronItem> Items, ulong Mask, bool Star)
{
    /// <summary>Whether the field is a list of plain numbers, the mark of a fixed-time schedule.</summary>
    public bool IsFixedList
    {
        get
        {
            foreach (var item in Items)
            {
                if (item.Kind != CronItemKind.Value)
                    return false;
            }
            return true;
        }
    }

    /// <summary>Whether every value matches.</summary>
    public bool IsEvery => Items is [{ Kind: CronItemKind.Every, Step: 1 }];

    public static CronFieldItems Create(CronFieldRule rule, IReadOnlyList<CronItem> written)
    {
        var star = written[0].Kind == CronItemKind.Every;
        var items = new SortedSet<CronItem>(Order);
        ulong mask = 0;
        for (var i = 0; i < written.Count; i++)
        {
            var item = written[i];
            // A star that is not the first entry does not lift the restriction, so it is kept as the range that it stands for.
            if (item.Kind == CronItemKind.Every && !star)
                item = new CronItem(CronItemKind.Range, rule.Min, rule.Max, item.Step);
            items.Add(item);
            mask |= MaskOf(rule, item);
        }
        return new CronFieldItems([.. items], mask, star);
    }

    public string Print() => string.Join(',', Items.Select(item => item.Print()));

    private static ulong MaskOf(CronFieldRule rule, CronItem item)
    {
        var (first, last) = item.Kind switch
        {
            CronItemKind.Every => (rule.Min, rule.Max),
            CronItemKind.Value => (item.First, item.First),
            CronItemKind.Range => (item.First, item.Last),
            _ => (0, -1),
        };
        ulong mask = 0;
        for (var value = first; value <= last; value += item.Step)
            mask |= 1UL << (rule.Field == CronField.DayOfWeek ? value % 7 : value);
        return mask;
    }

    private static readonly Comparer<CronItem> Order = Comparer<CronItem>.Create(
        (a, b) =>
            (a.Kind != CronItemKind.Every, Special(a), a.First, a.Last, a.Step, a.Kind).CompareTo(
                (b.Kind != CronItemKind.Every, Special(b), b.First, b.Last, b.Step, b.Kind)
            )
    );

    private static bool Special(CronItem item) => item.Kind > CronItemKind.Range;
}
