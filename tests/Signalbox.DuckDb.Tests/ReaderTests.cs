namespace Signalbox.DuckDb.Tests;

public sealed class ReaderTests
{
    [Fact]
    public void Every_type_with_a_form_in_NET_is_read_exactly()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        using DuckReader reader = connection.Query(
            """
            select true a, (-128)::tinyint b, 32767::smallint c, (-2147483648)::int d, 9223372036854775807::bigint e,
              255::utinyint f, 65535::usmallint g, 4294967295::uinteger h, 18446744073709551615::ubigint i, -170141183460469231731687303715884105727::hugeint j,
              1.5::float k, 0.1::double l, (-0.05)::decimal(4,2) m, 1234567.89::decimal(9,2) n, 12345678901234.5678::decimal(18,4) o,
              1234567890123456789012.123456::decimal(38,6) p, 'short' q, 'longer than twelve bytes: ü' r, '\x00\xFF'::blob s,
              date '1969-12-31' t, timestamp '2001-01-02 03:04:05.123456' u, timestamp_s '2001-01-02 03:04:05' v, timestamp_ns '2001-01-02 03:04:05.123456789' w,
              time '23:59:59.5' x, null y, '' z
            """
        );
        Assert.True(reader.Read());
        object?[] values = [.. Enumerable.Range(0, reader.Columns.Count).Select(reader.GetValue)];
        object?[] expected =
        [
            true,
            -128L,
            32767L,
            -2147483648L,
            long.MaxValue,
            255L,
            65535L,
            4294967295L,
            (Int128)ulong.MaxValue,
            -Int128.MaxValue,
            1.5,
            0.1,
            -0.05m,
            1234567.89m,
            12345678901234.5678m,
            1234567890123456789012.123456m,
            "short",
            "longer than twelve bytes: ü",
            new byte[] { 0, 255 },
            new DateOnly(1969, 12, 31),
            new DateTime(2001, 1, 2, 3, 4, 5, 123, 456),
            new DateTime(2001, 1, 2, 3, 4, 5),
            new DateTime(2001, 1, 2, 3, 4, 5).AddTicks(1234567),
            new TimeOnly(23, 59, 59, 500),
            null,
            "",
        ];
        Assert.Equal(expected, values);
        Assert.Equal("abcdefghijklmnopqrstuvwxyz", string.Concat(reader.Columns.Select(column => column.Name)));
        Assert.Equal("DECIMAL(38,6)", reader.Columns[15].TypeName);
        Assert.Equal("-0.05", reader.GetString(12));
        Assert.Equal("1234567890123456789012.123456", reader.GetString(15));
        Assert.Equal("2001-01-02 03:04:05.123456", reader.GetString(20));
        Assert.False(reader.Read());
    }

    [Fact]
    public void Types_without_a_form_in_NET_are_read_as_text_with_names_and_order_kept()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        using DuckReader reader = connection.Query(
            """
            select i, [i, null] as "a list", {'k': i} as s, map {'x': i} as m, interval 1 day as "v", 'b'::enum('a', 'b') as e,
              '00000000-0000-0000-0000-000000000001'::uuid as u, i as i, $1 as p
            from range(3) t(i) order by i desc -- a comment; at the end
            """,
            "param"
        );
        Assert.Equal(["i", "a list", "s", "m", "v", "e", "u", "i", "p"], reader.Columns.Select(column => column.Name));
        Assert.Equal("LIST", reader.Columns[1].TypeName);
        Assert.True(reader.Columns[1].ReadAsText);
        Assert.True(reader.Read());
        object?[] expected = [2L, "[2, NULL]", "{'k': 2}", "{x=2}", "1 day", "b", "00000000-0000-0000-0000-000000000001", 2L, "param"];
        Assert.Equal(expected, Enumerable.Range(0, 9).Select(reader.GetValue));
        Assert.True(reader.Read());
        Assert.Equal(1, reader.GetInt32(0));
    }

    [Fact]
    public void Reading_a_null_a_wrong_type_or_a_number_that_does_not_fit_says_so()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        using DuckReader reader = connection.Query(
            "select null::int as n, 'x' as t, 5000000000 as big, date 'infinity' as inf, '1000000000000000000000000000000'::decimal(38,0) as wide"
        );
        Assert.True(reader.Read());
        Assert.True(reader.IsNull(0));
        Assert.Contains("'n' is null", Assert.Throws<DuckException>(() => reader.GetInt32(0)).Message);
        Assert.Contains("'t' is VARCHAR", Assert.Throws<DuckException>(() => reader.GetInt32(1)).Message);
        Assert.Contains("'t' is VARCHAR", Assert.Throws<DuckException>(() => reader.Values<long>(1)).Message);
        Assert.Contains("5000000000", Assert.Throws<DuckException>(() => reader.GetInt32(2)).Message);
        Assert.Throws<DuckException>(() => reader.GetDate(3));
        Assert.Equal("infinity", reader.GetString(3));
        Assert.Throws<DuckException>(() => reader.GetDecimal(4));
        Assert.Equal("1000000000000000000000000000000", reader.GetValue(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.GetInt32(5));
    }

    [Fact]
    public void Reading_before_the_first_row_or_after_the_end_is_refused()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        using DuckReader reader = connection.Query("select 1 as a");
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.GetInt32(0));
        Assert.True(reader.Read());
        Assert.Equal(1, reader.GetInt32(0));
        Assert.False(reader.Read());
        Assert.False(reader.Read());
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.GetInt32(0));
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.ReadChunk());
    }

    [Fact]
    public void A_reader_outlives_the_connection_it_came_from()
    {
        DuckConnection connection = DuckDatabase.OpenMemory();
        using DuckReader reader = connection.Query("select range from range(5000)");
        connection.Dispose();
        long sum = 0;
        while (reader.Read())
        {
            sum += reader.GetInt64(0);
        }
        Assert.Equal(5000L * 4999 / 2, sum);
    }

    [Fact]
    public void A_million_rows_go_through_parquet_and_come_back_in_order_by_rows_and_by_chunks()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "million.parquet");
        using DuckConnection connection = DuckDatabase.OpenMemory();
        long written = connection.Execute(
            $"copy (select range as id, range * 0.5::double as half, case when range % 3 <> 0 then 'name ' || range end as name from range(1000000)) to '{file}' (format parquet)"
        );
        Assert.Equal(1_000_000, written);

        using (DuckReader reader = connection.Query("select id, half, name from read_parquet($1)", file))
        {
            long next = 0;
            while (reader.ReadChunk())
            {
                ReadOnlySpan<long> ids = reader.Values<long>(0);
                ReadOnlySpan<double> halves = reader.Values<double>(1);
                for (int i = 0; i < ids.Length; i++, next++)
                {
                    if (ids[i] != next || halves[i] != next * 0.5 || reader.IsNull(2, i) != (next % 3 == 0))
                    {
                        Assert.Fail($"row {next} came back as {ids[i]}, {halves[i]}");
                    }
                }
            }
            Assert.Equal(1_000_000, next);
        }
        using (DuckReader reader = connection.Query("select name from read_parquet($1) where id >= 999990", file))
        {
            var names = new List<string?>();
            while (reader.Read())
            {
                names.Add(reader.IsNull(0) ? null : reader.GetString(0));
            }
            Assert.Equal(
                [null, "name 999991", "name 999992", null, "name 999994", "name 999995", null, "name 999997", "name 999998", null],
                names
            );
        }
    }
}
