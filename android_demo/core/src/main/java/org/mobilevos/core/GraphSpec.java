package org.mobilevos.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** One graph: its signature's name ({@code segment_2}), its role, the most objects that it takes, and its tensors. */
public final class GraphSpec {
    /** What a graph does; see docs/artifact-format.md. */
    public enum Role {
        START,
        SEGMENT,
        MEMORIZE;

        /** The role as the spec writes it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public final String name;
    public final Role role;
    public final int objects;
    public final List<TensorSpec> inputs;
    public final List<TensorSpec> outputs;
    /** Multiply-accumulates of one run; 0 where they were not counted. */
    public final long macs;

    GraphSpec(JSONObject json) throws JSONException {
        name = json.getString("name");
        role = Role.valueOf(json.getString("role").toUpperCase(Locale.ROOT));
        objects = json.getInt("objects");
        inputs = tensors(json.getJSONArray("inputs"));
        outputs = tensors(json.getJSONArray("outputs"));
        macs = json.optLong("macs");
    }

    /** Tensors of zeros for all outputs, by their names. */
    public Map<String, Tensor> newOutputs() {
        Map<String, Tensor> tensors = new LinkedHashMap<String, Tensor>();
        for (TensorSpec output : outputs) {
            tensors.put(output.name, output.newTensor());
        }
        return tensors;
    }

    /**
     * The first input or output of a role, or null.
     *
     * @param tensors {@link #inputs} or {@link #outputs}
     */
    public static TensorSpec find(List<TensorSpec> tensors, TensorSpec.Role role) {
        for (int index = 0; index < tensors.size(); index++) { // an iterator would be an allocation for each frame
            if (tensors.get(index).role == role) {
                return tensors.get(index);
            }
        }
        return null;
    }

    private static List<TensorSpec> tensors(JSONArray json) throws JSONException {
        List<TensorSpec> tensors = new ArrayList<TensorSpec>();
        for (int index = 0; index < json.length(); index++) {
            tensors.add(new TensorSpec(json.getJSONObject(index)));
        }
        return Collections.unmodifiableList(tensors);
    }
}
