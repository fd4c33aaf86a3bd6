package org.mobilevos.core;

import java.util.Date;
import java.util.Locale;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * A run in an app as a results file, which {@code vos-bench compare} and {@code vos-bench table} read: format
 * {@code mobilevos-app}, {@code mobilevos_bench.phone.app_results} says what its fields are. Fill in the fields, then
 * {@link #toJson}.
 */
public final class LatencyRecord {
    private static final String FORMAT = "mobilevos-app";
    private static final int FORMAT_VERSION = 1;

    /** What was followed: {@code camera}, or a video's file name. */
    public String source;
    /** The size of its frames in pixels. */
    public int frameWidth;
    public int frameHeight;
    /** How many objects were followed. */
    public int objects;
    /** The artifact's file: its name, its size and its hex SHA-256. */
    public String artifactName;
    public long artifactBytes;
    public String artifactSha256;
    /** The app's version. */
    public String app;
    /** When it was measured. */
    public Date date;
    public DeviceFacts device;
    /** How warm the device was, and how warm it became. */
    public Warmth before;
    public Warmth after;
    /** Frames that were run and not counted. */
    public int warmup;
    /** Frames that came while the model was busy, and were left out. */
    public int dropped;
    /** Frames with a mask that were shown in a second; null: not measured. */
    public Double framesPerSecond;

    private final ArtifactSpec spec;
    private final EngineOptions options;
    private final String engine;
    private final String fallbackReason;
    private final StageTimes times;

    /**
     * A record without what only the app knows.
     *
     * @param spec of the artifact that ran
     * @param options what was asked for
     * @param engine the engine's own name, {@link Engine#name}
     * @param fallbackReason the engine's own words, {@link Engine#fallbackReason}
     * @param times of the counted frames; they are read only in {@link #toJson}
     */
    public LatencyRecord(
            ArtifactSpec spec, EngineOptions options, String engine, String fallbackReason, StageTimes times) {
        this.spec = spec;
        this.options = options;
        this.engine = engine;
        this.fallbackReason = fallbackReason;
        this.times = times;
    }

    /**
     * The text of the file.
     *
     * @throws InvalidInputException a field is missing, or no frame was measured
     */
    public String toJson() {
        Object[] needed = {source, artifactName, artifactSha256, app, date, device, before, after};
        for (Object field : needed) {
            if (field == null) {
                throw new InvalidInputException(
                        "the record is incomplete; fill in all of its fields but framesPerSecond");
            }
        }
        if (times.total.count() == 0) {
            throw new InvalidInputException("nothing was measured; ask for at least one frame");
        }
        try {
            return toObject().toString(1) + "\n";
        } catch (JSONException error) { // a time that is no number
            throw new InvalidInputException("the record cannot be written (" + error.getMessage() + "); measure again",
                    error);
        }
    }

    private JSONObject toObject() throws JSONException {
        return new JSONObject()
                .put("format", FORMAT)
                .put("format_version", FORMAT_VERSION)
                .put("setting", setting())
                .put("delegate", delegate())
                .put("date", ResultJson.date(date))
                .put("app", app)
                .put("device", device.toJson())
                .put("artifact", artifact())
                .put("warmup", warmup)
                .put("stages", stages())
                .put("camera", orNull(times.camera))
                .put("convert", orNull(times.convert))
                .put("draw", orNull(times.draw))
                .put("fps", framesPerSecond == null ? JSONObject.NULL : ResultJson.rounded(framesPerSecond))
                .put("dropped", dropped)
                .put("before", before.toJson())
                .put("after", after.toJson());
    }

    private JSONObject setting() throws JSONException {
        return new JSONObject()
                .put("model", spec.model)
                .put("queue", spec.queue)
                .put("height", spec.height)
                .put("width", spec.width)
                .put("precision", spec.precision)
                .put("objects", objects)
                .put("threads", options.threads)
                .put("source", source)
                .put("frame_height", frameHeight)
                .put("frame_width", frameWidth);
    }

    private JSONObject delegate() throws JSONException {
        return new JSONObject()
                .put("asked", options.delegate.name().toLowerCase(Locale.ROOT))
                .put("applied", engine)
                .put("fallback", fallbackReason.isEmpty() ? JSONObject.NULL : fallbackReason)
                .put("half_precision", options.halfPrecision)
                .put("sustained_speed", options.sustainedSpeed);
    }

    private JSONObject artifact() throws JSONException {
        return new JSONObject()
                .put("runtime", "litert")
                .put("name", artifactName)
                .put("bytes", artifactBytes)
                .put("sha256", artifactSha256);
    }

    private JSONObject stages() throws JSONException {
        return new JSONObject()
                .put("preprocess", ResultJson.spread(times.preprocess))
                .put("segment", ResultJson.spread(times.segment))
                .put("memorize", ResultJson.spread(times.memorize))
                .put("postprocess", ResultJson.spread(times.postprocess))
                .put("model", ResultJson.spread(times.model))
                .put("total", ResultJson.spread(times.total));
    }

    private static Object orNull(Statistics statistics) throws JSONException {
        return statistics.count() == 0 ? JSONObject.NULL : ResultJson.spread(statistics);
    }
}
