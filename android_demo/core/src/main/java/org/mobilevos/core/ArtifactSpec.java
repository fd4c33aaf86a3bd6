package org.mobilevos.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.json.JSONTokener;

/**
 * What an artifact is: its model, its sizes and its graphs, as the JSON inside it says (docs/artifact-format.md). The
 * app knows nothing else about a model.
 */
public final class ArtifactSpec {
    /** The registered name of the model. */
    public final String model;
    /** Slots of the memory. */
    public final int queue;
    /** Most objects at once. */
    public final int maxObjects;
    /** The model's input in pixels. */
    public final int width;
    public final int height;
    /** {@code fp32}, {@code fp16}, {@code int8-dynamic} or {@code int8}. */
    public final String precision;
    public final List<GraphSpec> graphs;
    /** SPDX identifier. */
    public final String licence;
    private final int[] padRgb;

    private ArtifactSpec(JSONObject json) throws JSONException {
        model = json.getString("model");
        queue = json.getInt("queue");
        maxObjects = json.getInt("max_objects");
        width = json.getInt("width");
        height = json.getInt("height");
        precision = json.getString("precision");
        padRgb = Json.integers(json.getJSONArray("pad_rgb"));
        if (padRgb.length != RgbImage.CHANNELS) {
            throw new JSONException("pad_rgb has " + padRgb.length + " numbers");
        }
        licence = json.optString("licence");
        JSONArray array = json.getJSONArray("graphs");
        List<GraphSpec> list = new ArrayList<GraphSpec>();
        for (int index = 0; index < array.length(); index++) {
            list.add(new GraphSpec(array.getJSONObject(index)));
        }
        graphs = Collections.unmodifiableList(list);
        SpecChecks.check(this);
    }

    /**
     * Parses a spec.
     *
     * @throws ArtifactException not JSON, of another program, of a newer format version, or with something missing or
     *     with
     *     shapes that do not fit each other
     */
    public static ArtifactSpec parse(String text) {
        Object value = value(text);
        JSONObject json = value instanceof JSONObject ? (JSONObject) value : new JSONObject();
        if (!Constants.FORMAT.equals(json.optString("format"))) {
            throw new ArtifactException("this is the model of another program; make an artifact with vos-export");
        }
        Object version = json.opt("format_version");
        if (!(version instanceof Integer) || (Integer) version > Constants.FORMAT_VERSION) {
            throw new ArtifactException("the artifact has format version " + version + ", this release reads up to "
                    + Constants.FORMAT_VERSION + "; update the app");
        }
        try {
            return new ArtifactSpec(json);
        } catch (JSONException error) {
            throw incomplete(error);
        } catch (IllegalArgumentException error) { // a role that this version does not know
            throw incomplete(error);
        }
    }

    /** An object or an array: the parser takes bare words too, which are no JSON. */
    private static Object value(String text) {
        try {
            JSONTokener tokens = new JSONTokener(text);
            Object value = tokens.nextValue();
            if (!(value instanceof JSONObject || value instanceof JSONArray)) {
                throw new JSONException("neither an object nor an array");
            }
            if (tokens.nextClean() != 0) {
                throw new JSONException("there is more behind its end");
            }
            return value;
        } catch (JSONException error) {
            throw new ArtifactException(
                    "the artifact's spec is not JSON (" + error.getMessage() + "); export it again", error);
        }
    }

    private static ArtifactException incomplete(Exception error) {
        return new ArtifactException(
                "the artifact's spec is incomplete (" + error.getMessage() + "); export it again", error);
    }

    /** One channel (0 red, 1 green, 2 blue) of the colour around a frame of another aspect ratio, 0..255. */
    public int border(int channel) {
        return padRgb[channel];
    }

    /**
     * The smallest graph of a role that takes so many objects.
     *
     * @throws ArtifactException the artifact has no such graph
     */
    public GraphSpec graph(GraphSpec.Role role, int objects) {
        GraphSpec smallest = null;
        for (int index = 0; index < graphs.size(); index++) { // an iterator would be an allocation for each frame
            GraphSpec graph = graphs.get(index);
            if (graph.role == role && graph.objects >= objects
                    && (smallest == null || graph.objects < smallest.objects)) {
                smallest = graph;
            }
        }
        if (smallest == null) {
            throw new ArtifactException("the artifact of '" + model + "' has no graph '" + role.text() + "' for "
                    + objects + " objects");
        }
        return smallest;
    }
}
