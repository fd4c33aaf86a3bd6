package org.mobilevos.core;

import java.math.BigDecimal;
import java.math.MathContext;
import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.Locale;
import java.util.TimeZone;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** What results files have in common: distributions and dates as {@code vos-bench} writes them. */
final class ResultJson {
    // More digits than any clock deserves; the same as vos-bench's.
    private static final MathContext DIGITS = new MathContext(5);
    private static final double P5 = 0.05;
    private static final double QUARTILE = 0.25;

    private ResultJson() {}

    /** A moment in UTC, ISO 8601. */
    static String date(Date date) {
        SimpleDateFormat format = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss'+00:00'", Locale.ROOT);
        format.setTimeZone(TimeZone.getTimeZone("UTC"));
        return format.format(date);
    }

    /** A distribution, as {@code mobilevos_bench.records.Spread} reads it. */
    static JSONObject spread(Statistics statistics) throws JSONException {
        JSONArray runs = new JSONArray();
        for (double value : statistics.values()) {
            runs.put(rounded(value));
        }
        double quartiles = statistics.percentile(1 - QUARTILE) - statistics.percentile(QUARTILE);
        return new JSONObject()
                .put("median", rounded(statistics.percentile(0.5)))
                .put("p5", rounded(statistics.percentile(P5)))
                .put("p95", rounded(statistics.percentile(1 - P5)))
                .put("iqr", rounded(quartiles))
                .put("count", statistics.count())
                .put("runs", runs);
    }

    /** A number with as many digits as vos-bench writes. */
    static double rounded(double value) throws JSONException {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw new JSONException("a time of " + value);
        }
        return new BigDecimal(value).round(DIGITS).doubleValue();
    }
}
